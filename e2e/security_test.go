package e2e

import (
	"bufio"
	"bytes"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The doors that stood open in the product before this one, and those that stand open in most. What is tested closer to its code is
// named here and not tried again:
//
//	read name and phone by code alone, wrong token, wrong code     booksByREST
//	every staff route without a token, with a role too small       TestEveryRouteNeedsARoleOrIsOpenByName, TestEveryRouteKeepsThoseOutWhoseRoleIsTooSmall
//	a message that is analysed books nothing                       TestAMessageIsReadAndNothingElse
//	sound files: size, length, kind                                TestASoundThatIsNotHeard, TestFiveMinutesAreTheEnd, TestWhatIsNoSound
//	secrets that are weak, a default or "dummy", one by one        TestProductionRefusesWeakSecrets, TestOneWeakSecretInARotationIsRefused
//	secrets in logs and errors of settings                         TestSecretsAreNeverPrinted, TestDoctorNamesEverySettingThatIsWrong, TestPrivacy
//	webhooks without, with another's, with a malformed signature   sendsBadWebhooks, TestDeliveriesThatAreNotMetasAreRefused, TestVerifySignature (whatsapp, mercadopago)
//	notifications without a signature are hints at most            TestNotificationsThatAreNotMercadoPagos, TestLegacyNotificationsAreHintsAtMost, TestAFloodOfHintsIsBounded
//	X-Forwarded-For around the limit                               TestTheAddressIsTheOneBeforeTheTrustedProxies, TestForwardedAddressesOfStrangersAreNotBelieved, TestTwoProcessesShareTheLimitOfAnAddress
//	one script that holds a whole calendar                         TestOneScriptCannotFreezeACalendar
//	feeds: redirects inside, names that change, size, slowness     TestRedirects, TestNamesThatLeadInsideAreRefusedAtTheDial, TestNamesThatChangeAreCheckedEachTime, TestBodiesThatAreTooLarge
//	CORS, preflights, headers of every answer                      TestOtherOriginsGetNoWord, TestPreflightsAreToldWhatExists, TestEveryAnswerIsGuarded
//	health with a part that is away                                TestProbesTellWhichPartIsAway, TestProbesAreRememberedForAMoment
//	refresh tokens used twice                                      TestARefreshTokenUsedTwiceEndsItsSessionOnly, TestRefreshesAtTheSameTimeHaveOneWinner
//	guessing of passwords and of second factors                    TestGuessingIsSlowedDown, TestOneAddressCannotTryAllAccounts, TestCodesOfTheSecondFactorCannotBeGuessed
//	formulas in tables                                             TestBookingsAreExported
//	slow clients, silent servers                                   TestServersAndClientsHaveTimeouts
//	the codec server of Temporal's UI                              TestOnlyTheUIMayAsk, TestWhoIsNotLetIn, TestHostileBodies
//	what a page of a payment says of itself in its query           TestPaymentPageBelievesNothingOfTheQuery, TestPaymentPageDoesNotTellCodesFromSecrets
const staffKey = "e2e-key-that-signs-the-sessions-of-staff"

// TestSecurity is a visitor who tries every door of a running system, from outside.
func TestSecurity(t *testing.T) {
	t.Parallel()
	t.Run("production starts with real secrets only", refusesToStart)
	s := start(t, true, "ICAL_ALLOW_PRIVATE=false", "JWT_SECRET="+staffKey)
	s.setUpOwner(t)
	v := visitor{stack: s, owner: s.office(t), stay: s.week(t, 3)}
	wish, number := s.wishes(1, v.stay, 2)
	wish.ContactEmail = "visitada.v@example.com"
	s.keepPrivate(wish.ContactEmail)
	v.hold = s.books(t, wish)
	s.hears(t, number, v.hold.Code, "hold")
	v.personal = []string{wish.ContactName, wish.ContactEmail, number, canonical(number)}

	t.Run("doors", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, visitor){
			"a booking is its guest's":              othersBookings,
			"tokens that are not ours":              forgedTokens,
			"no more is taken than a form has":      moreThanTheForm,
			"signatures of something else":          otherSignatures,
			"feeds do not lead inside":              feedsLeadInside,
			"addresses of calendars":                calendarAddresses,
			"files beside those that are served":    otherFiles,
			"hosts, origins and lines in headers":   headersOfVisitors,
			"methods and sizes":                     methodsAndSizes,
			"answers about people are kept nowhere": keptNowhere,
			"faults tell nothing":                   faultsTellNothing,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				// One session for all: logins of one account at the same moment are slowed down too.
				visits := v
				visits.owner = &office{stack: s, t: t, token: v.owner.token}
				test(t, visits)
			})
		}
	})
	// Whoever guesses is slowed down, and everybody else at this address with them.
	t.Run("nobody comes in without a password", func(t *testing.T) { withoutPassword(t, v) })
}

// visitor is somebody who knows that there is a booking, and an owner to compare with.
type visitor struct {
	*stack

	owner    *office
	hold     hold
	stay     stay
	personal []string
}

// tries expects a problem with one of these statuses that says nothing about anybody.
func (v visitor) tries(t *testing.T, method, path, body string, header []string, statuses ...int) answer {
	t.Helper()
	a := v.must(t, method, path, []byte(body), header...)
	require.Contains(t, statuses, a.status, "%s %s %.200s: %.500s", method, path, body, a.body)
	v.tellsNothing(t, a, method+" "+path)
	return a
}

func (v visitor) tellsNothing(t *testing.T, a answer, what string) {
	t.Helper()
	for _, secret := range append([]string{v.hold.Token, staffKey, appSecret, webhookSecret, ownerPassword}, v.personal...) {
		require.NotContains(t, string(a.body), secret, what)
	}
	for _, trace := range []string{"SQLSTATE", "pgx", "goroutine ", ".go:", "panic", "postgres://", "redis://", v.home} {
		require.NotContains(t, string(a.body), trace, what)
	}
}

func (v visitor) asOwner() []string { return []string{"Authorization", "Bearer " + v.owner.token} }

func refusesToStart(t *testing.T) {
	t.Parallel()
	path, err := program()
	require.NoError(t, err)
	const dummy = "dummy"
	secrets := []string{"JWT_SECRET", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "MERCADOPAGO_ACCESS_TOKEN", "MERCADOPAGO_WEBHOOK_SECRET"}
	places := map[string]string{"ENVIRONMENT": "production", "BASE_URL": "https://book.example.org", "WHATSAPP_PHONE_ID": "1",
		"DATABASE_URL": "postgres://app:pass-word-77@127.0.0.1:1/x", "REDIS_URL": "redis://:pass-word-78@127.0.0.1:1"}
	with := func(value string) map[string]string {
		settings := maps.Clone(places)
		for _, name := range secrets {
			settings[name] = value
		}
		return settings
	}
	for name, test := range map[string]struct {
		settings map[string]string
		named    []string
	}{
		"nothing is set": {map[string]string{"ENVIRONMENT": "production"}, append([]string{"DATABASE_URL", "REDIS_URL", "BASE_URL", "PAYLOAD_KEYS"}, secrets...)},
		"dummy secrets":  {with(dummy), append([]string{"PAYLOAD_KEYS"}, secrets...)},
		"empty secrets":  {with(""), append([]string{"PAYLOAD_KEYS"}, secrets...)},
		"short secrets":  {with("hush-7731"), []string{"JWT_SECRET", "PAYLOAD_KEYS"}},
	} {
		for _, process := range []string{"api", "worker"} {
			command := exec.CommandContext(patient(t), path, process)
			command.Env = environment()
			for setting, value := range test.settings {
				command.Env = append(command.Env, setting+"="+value)
			}
			out, err := command.CombinedOutput()
			require.Error(t, err, "%s, %s: it must not start\n%s", process, name, out)
			for _, variable := range test.named {
				require.Contains(t, string(out), variable, "%s, %s", process, name)
			}
			for _, secret := range []string{"pass-word-77", "pass-word-78", "hush-7731"} {
				require.NotContains(t, string(out), secret, "%s, %s", process, name)
			}
		}
	}
}

// raw says something that no client of ours would, word for word.
func (v visitor) raw(t *testing.T, request string) answer {
	t.Helper()
	address, err := url.Parse(v.info.APIURL)
	require.NoError(t, err)
	conn, err := net.DialTimeout("tcp", address.Host, patience)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	// The server may answer and close before it has read all.
	go func() { _, _ = conn.Write([]byte(request)) }()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, _ = body.ReadFrom(response.Body)
	return answer{response.StatusCode, response.Header, body.Bytes()}
}
