package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script is a whole conversation in a file: what guests do, what they and the owner then read, and what is in the database at
// the end. Lines that begin with an actor ("G> ", "G2> ", "= ") are played; what follows each is what the system did, written
// by -update and compared afterwards.
type script struct {
	path  string
	title []string
	steps []scriptStep
	// brief is a conversation on the system whose holds end after seconds.
	brief bool
	// near is a conversation in which days around its own are offered.
	near bool
	// pricesChange is a conversation about fixed days of the year.
	pricesChange bool
	// dated is a conversation that speaks of days.
	dated bool
}

// scriptStep is one act and what came of it.
type scriptStep struct {
	actor string // G, G2 or =
	act   string
	want  string
}

var scriptActor = regexp.MustCompile(`^(G2?>|=) (.*)$`)

func readScript(t *testing.T, path string) script {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	s := script{path: path}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		switch found := scriptActor.FindStringSubmatch(line); {
		case found != nil:
			s.steps = append(s.steps, scriptStep{actor: strings.TrimSuffix(found[1], ">"), act: found[2]})
		case len(s.steps) == 0:
			s.title = append(s.title, line)
			s.brief = s.brief || line == "# holds: brief"
			s.pricesChange = s.pricesChange || line == "# prices change with the year"
			s.near = s.near || line == "# near dates are offered"
		case strings.HasPrefix(line, "+ "):
			s.steps[len(s.steps)-1].act += "\n" + line[2:]
		case line != "":
			s.steps[len(s.steps)-1].want += line + "\n"
		}
	}
	require.NotEmpty(t, s.steps, "%s plays nothing", path)
	for _, step := range s.steps {
		s.dated = s.dated || dayInScript.MatchString(step.act)
	}
	return s
}

// write keeps the script with what really happened.
func (s script) write(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString(strings.TrimRight(strings.Join(s.title, "\n"), "\n") + "\n")
	for _, step := range s.steps {
		actor := step.actor + ">"
		if step.actor == "=" {
			actor = "="
		}
		fmt.Fprintf(&b, "\n%s %s\n%s", actor, strings.ReplaceAll(step.act, "\n", "\n+ "), step.want)
	}
	require.NoError(t, os.WriteFile(s.path, []byte(b.String()), 0o644))
}

// messagesWanted counts the messages that one receiver ("B" is the guest's chat) gets after a step.
func (s scriptStep) messagesWanted(receiver string) int {
	return strings.Count("\n"+s.want, "\n"+receiver+"> ")
}

// calendar gives a conversation days of its own: {d} is the Friday that it is about, {d+2} the Sunday after.
type calendar struct {
	friday time.Time
	// pricesChange is a conversation about days that are given by a voice note.
	pricesChange bool
}

var dayInScript = regexp.MustCompile(`\{(d|iso|long|num)([+-]\d+)?\}`)

var monthNames = []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}

// fill puts the days into what a guest writes: {d} is 4/12, {long} is 4 de diciembre, {iso} is 2026-12-04, {num} is 4.
func (c calendar) fill(text string) string {
	return dayInScript.ReplaceAllStringFunc(text, func(found string) string {
		parts := dayInScript.FindStringSubmatch(found)
		offset, _ := strconv.Atoi(parts[2])
		day := c.friday.AddDate(0, 0, offset)
		switch parts[1] {
		case "iso":
			return day.Format(time.DateOnly)
		case "long":
			return fmt.Sprintf("%d de %s", day.Day(), monthNames[day.Month()-1])
		case "num":
			return strconv.Itoa(day.Day())
		}
		return day.Format("2/1")
	})
}

// name writes a day as the script does when it is near the conversation's Friday.
func (c calendar) name(day time.Time) string {
	offset := int(day.Sub(c.friday).Hours() / 24)
	switch {
	case offset == 0:
		return "{d}"
	case offset > 0 && offset <= 20:
		return fmt.Sprintf("{d+%d}", offset)
	case offset < 0 && offset >= -3:
		return fmt.Sprintf("{d%d}", offset)
	}
	return "{día}"
}

var (
	codeInChat  = regexp.MustCompile(`RES\d{6}[0-9A-F]{6}`)
	receiptSeen = regexp.MustCompile(`R-\d{4}-\d{8}`)
	urlInChat   = regexp.MustCompile(`https?://[^\s)\]]+`)
	nameInChat  = regexp.MustCompile(`Zoraida Wenceslada\d+q`)
	phoneInChat = regexp.MustCompile(`\+?549?11\d{8}`)
	dateInChat  = regexp.MustCompile(`(?:(?:lun|mar|mié|jue|vie|sáb|dom|seg|ter|qua|qui|sex|Mon|Tue|Wed|Thu|Fri|Sat|Sun|lunes|martes|miércoles|jueves|viernes|sábado|domingo|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|(?:segunda|terça|quarta|quinta|sexta)-feira),? )?\b(\d{1,2})/(\d{1,2})(?:/(\d{4}))?\b`)
	isoInChat   = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
	// The property's own hours stay readable; a time of a day is a deadline, also when it falls on one of them.
	timeInChat = regexp.MustCompile(`\b((?:[01]?\d|2[0-3]):[0-5]\d)\b(\s+(?:del?|on)\s+\{)?`)
	soonInChat = regexp.MustCompile(`\b\d+ (minutos?|segundos?|minutes?|seconds?|horas?|hours?)\b`)
)

// The wait for a person depends on the hour at which the test runs.
var waitInChat = regexp.MustCompile(`(?:Te responde por acá apenas pueda|A esta hora puede que|Ela responde por aqui|A esta hora pode ser|They will answer here|At this hour the answer)[^.]*\.`)

var dayInEnglish = regexp.MustCompile(`\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]* (\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b`)

// mask replaces what differs from run to run, and nothing else.
func (c calendar) mask(text string) string {
	text = codeInChat.ReplaceAllString(text, "{código}")
	text = receiptSeen.ReplaceAllString(text, "{recibo}")
	text = nameInChat.ReplaceAllString(text, "Zoraida")
	text = urlInChat.ReplaceAllString(text, "{link}")
	text = phoneInChat.ReplaceAllString(text, "{teléfono}")
	text = waitInChat.ReplaceAllString(text, "{espera}")
	text = dayInEnglish.ReplaceAllStringFunc(text, func(found string) string {
		parts := dayInEnglish.FindStringSubmatch(found)
		at, err := time.Parse("2 Jan", parts[1]+" "+parts[2])
		if err != nil {
			return found
		}
		return at.Format("2/1")
	})
	text = isoInChat.ReplaceAllStringFunc(text, func(found string) string {
		day, err := time.Parse(time.DateOnly, found)
		if err != nil {
			return found
		}
		return c.name(day)
	})
	text = dateInChat.ReplaceAllStringFunc(text, func(found string) string {
		parts := dateInChat.FindStringSubmatch(found)
		day, month := atoi(parts[1]), atoi(parts[2])
		if soon := today(); soon.Day() == day && int(soon.Month()) == month || soon.AddDate(0, 0, 1).Day() == day && int(soon.AddDate(0, 0, 1).Month()) == month {
			return "{hoy}"
		}
		for year := c.friday.Year() - 1; year <= c.friday.Year()+1; year++ {
			at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
			if name := c.name(at); at.Day() == day && name != "{día}" {
				return name
			}
		}
		return "{día}"
	})
	text = timeInChat.ReplaceAllStringFunc(text, func(found string) string {
		if found == "14:00" || found == "10:00" {
			return found
		}
		return "{hora}" + timeInChat.FindStringSubmatch(found)[2]
	})
	text = soonInChat.ReplaceAllString(text, "{rato}")
	if c.pricesChange {
		text = nightsInChat.ReplaceAllString(moneyInChat.ReplaceAllString(text, "{importe}"), "{noches}")
	}
	return text
}

// A conversation about fixed days of the year falls on other weekdays, with other prices, every year.
var (
	moneyInChat  = regexp.MustCompile(`(?:\$\s?|total |pagado )\d[\d.]*`)
	nightsInChat = regexp.MustCompile(`\d+ noches?(?: de finde)?`)
)

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
