package main

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"cabanas/internal/config"
	"cabanas/internal/doctor"
)

// examination is what a doctor's checks need.
type examination struct {
	config config.Config
	quiet  *slog.Logger
	now    func() time.Time
	// reach is how long Temporal, which is waited for elsewhere, may take to let us in.
	reach time.Duration
	// replayLimit bounds the runs of each workflow type that are replayed; 0 replays none.
	replayLimit int
}

// runDoctor looks at everything an installation depends on. It changes nothing, and what it prints holds no secret.
func runDoctor(ctx context.Context, args []string) error {
	set := flags("doctor")
	asJSON := set.Bool("json", false, "print one JSON object")
	offline := set.Bool("offline", false, "look at the settings and this machine only")
	replay := set.Bool("replay", false, "replay the running workflows on this program too: what fails would be stuck after an upgrade")
	limit := set.Int("replay-limit", 2000, "with --replay: most runs of each type, the oldest first")
	if err := set.Parse(args); err != nil {
		return err
	}
	if !*replay {
		*limit = 0
	}
	report := doctor.Examine(ctx, newExamination(*limit).checks(os.Getenv, *offline))
	show := report.Print
	if *asJSON {
		show = report.PrintJSON
	}
	err := show(os.Stdout)
	if err == nil && !report.OK {
		return exitError(1)
	}
	return err
}

func newExamination(replayLimit int) examination {
	return examination{quiet: slog.New(slog.DiscardHandler), now: time.Now, reach: 5 * time.Second, replayLimit: replayLimit}
}

// checks lists what there is to look at. With settings that cannot be used, those are all there is.
func (e examination) checks(getenv func(string) string, offline bool) []doctor.Check {
	var err error
	if e.config, err = config.Load(getenv); err != nil {
		return []doctor.Check{{Name: "settings", Look: func(context.Context) []doctor.Finding { return settingsProblems(err) }}}
	}
	checks := []doctor.Check{
		{Name: "settings", Look: e.lookAtSettings},
		{Name: "ffmpeg", Look: e.lookAtFFmpeg},
	}
	if offline {
		return checks
	}
	checks = append(checks,
		doctor.Check{Name: "database", Look: e.lookAtDatabase},
		doctor.Check{Name: "redis", Look: e.lookAtRedis},
		doctor.Check{Name: "temporal", Patience: 20 * time.Second, Look: e.lookAtTemporal},
		doctor.Check{Name: "address", Look: e.lookAtAddress},
		doctor.Check{Name: "whatsapp", Look: e.lookAtWhatsApp},
		doctor.Check{Name: "mercadopago", Look: e.lookAtMercadoPago},
		doctor.Check{Name: "speech", Patience: 30 * time.Second, Look: e.lookAtSpeech},
		doctor.Check{Name: "mail", Patience: 30 * time.Second, Look: e.lookAtMail},
		doctor.Check{Name: "feeds", Look: e.lookAtFeeds},
	)
	if e.replayLimit > 0 {
		checks = append(checks, doctor.Check{Name: "replay", Patience: 30 * time.Minute, Look: e.replayRunning})
	}
	return checks
}

func settingsProblems(err error) []doctor.Finding {
	problems := config.AsProblems(err)
	if len(problems) == 0 {
		return []doctor.Finding{doctor.Fail("see .env.template", "%s", err)}
	}
	findings := make([]doctor.Finding, 0, len(problems)+1)
	for _, problem := range problems {
		findings = append(findings, doctor.Fail("set "+problem.Variable+"; .env.template has its meaning", "%s", problem.Error()))
	}
	return append(findings, doctor.Skip("the rest is looked at when the settings are right"))
}

func (e examination) lookAtSettings(context.Context) []doctor.Finding {
	c := e.config
	findings := []doctor.Finding{doctor.Fine("%s", c.Environment)}
	warn := func(when bool, fix, detail string) {
		if when {
			findings = append(findings, doctor.Warn(fix, "%s", detail))
		}
	}
	live := c.Environment == config.Production || c.Environment == config.Staging
	warn(live && c.BaseURL.Scheme != "https", "give BASE_URL an https address", "BASE_URL is not https: WhatsApp and Mercado Pago only call https")
	warn(live && len(c.TrustedProxies) == 0, "set TRUSTED_PROXIES to the proxy's address if there is one in front",
		"TRUSTED_PROXIES is empty: behind a proxy all guests would have one address, and share its limits")
	warn(c.Owner.WhatsApp == "" && c.Owner.Email == "", "set OWNER_WHATSAPP or OWNER_EMAIL", "nobody is told of alarms")
	warn(c.Owner.Email != "" && c.SMTP.Host == "", "set SMTP_HOST, or leave OWNER_EMAIL empty", "OWNER_EMAIL is set and there is no mail relay")
	warn(c.Whisper.APIURL == nil, "set WHISPER_API_URL (docs/voice.md)", "voice notes are not transcribed: guests are asked to write")
	warn(live && c.MercadoPago.CollectorID == 0, "set MERCADOPAGO_COLLECTOR_ID to the account's id", "payments of other accounts are not told apart")
	warn(live && c.RateLimit.Requests == 0, "set RATE_LIMIT_REQUESTS, 60 for example", "there is no rate limit")
	warn(live && c.RateLimit.HoldsPerAddress == 0, "set HOLDS_PER_ADDRESS, 10 for example", "one script can hold every night")
	warn(live && c.SetupTokenHash != "", "empty SETUP_TOKEN_HASH once there is an owner", "the door for the first owner's account is open to whoever has its token")
	return findings
}

func (e examination) lookAtFFmpeg(context.Context) []doctor.Finding {
	if e.config.Whisper.APIURL == nil {
		return []doctor.Finding{doctor.Skip("needed for voice notes only")}
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return []doctor.Finding{doctor.Warn("install FFmpeg where the queue media is served, and where the api runs",
			"not on this machine: voice notes go to the engine as they came, which not every engine reads")}
	}
	return []doctor.Finding{doctor.Fine("found")}
}
