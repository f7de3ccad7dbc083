package dialogue

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
)

// How much of the owner's own texts is shown in a message, in characters.
const (
	longestName        = 60
	shortName          = 40
	longestDescription = 200
)

func number(n int) string { return strconv.Itoa(n) }

// shown cuts a name or description of the owner to a length and keeps it on one line, without the signs that format text.
func shown(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	text = strings.NewReplacer("*", "", "_", " ", "~", "", "`", "", "{", "(", "}", ")").Replace(text)
	return cut(strings.TrimSpace(text), most)
}

// cut shortens text to at most so many code points, ending in an ellipsis.
func cut(text string, most int) string {
	if runes(text) <= most {
		return text
	}
	all := []rune(text)
	return strings.TrimRight(string(all[:most-1]), " \n") + "…"
}

func (c *catalogue) nights(n int) string { return counted(n, c.Night, c.Nights) }

func (c *catalogue) people(n int) string { return counted(n, c.Person, c.People) }

func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return say(many, "n", number(n))
}

func (c *catalogue) dateWith(d booking.Date, weekdays [7]string) string {
	if d.IsZero() {
		return "?"
	}
	_, month, day := d.Time().Date()
	return say(c.DateForm, "weekday", weekdays[d.Weekday()], "day", number(day), "month", c.Months[month-1])
}

// date is short, "vie 10/1", with the year when it is not this one or the next year's beginning would be unclear.
func (c *catalogue) date(d, today booking.Date) string {
	text := c.dateWith(d, c.ShortWeekdays)
	const nearDays = 300
	if !d.IsZero() && (today.DaysUntil(d) > nearDays || d.Before(today)) {
		text += "/" + number(d.Time().Year())
	}
	return text
}

// moment is a deadline on the property's clock, "las 15:40 del domingo 22/11".
func (c *catalogue) moment(at time.Time, location *time.Location) string {
	local := at.In(location)
	return say(c.MomentForm, "time", local.Format("15:04"), "weekday", c.Weekdays[local.Weekday()],
		"day", number(local.Day()), "month", c.Months[local.Month()-1])
}

// minutes is what is left until a deadline: minutes rounded up, or whole hours when it is far.
func (c *catalogue) minutes(left time.Duration) string {
	const inHours = 3 * time.Hour
	if left >= inHours {
		return say(c.HoursLeft, "n", number(int(left/time.Hour)))
	}
	n := max(int((left+time.Minute-1)/time.Minute), 1)
	if n == 1 {
		return c.MinuteLeft
	}
	return say(c.MinutesLeft, "n", number(n))
}

// hardSpace keeps a sign and its amount on one line.
const hardSpace = "\u00a0"

// money is an amount as the guest's language writes it. Only in Spanish is a bare $ understood as pesos.
func (c *catalogue) money(m booking.Money) string {
	text := m.String()
	if c.MoneySign != "" {
		text = strings.Replace(text, "$ ", c.MoneySign+" ", 1)
	}
	if c.CommaThousands {
		text = strings.NewReplacer(".", ",", ",", ".").Replace(text)
	}
	return strings.Replace(text, " ", hardSpace, 1)
}

// clock is minutes after midnight as 14:00.
func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func address(l booking.Location) string {
	var parts []string
	for _, part := range []string{l.Address, l.City, l.Province} {
		if part = shown(part, longestDescription/2); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func statusOf(c *catalogue, status booking.Status) string {
	switch status {
	case booking.PreReserved:
		return c.StatusPreReserved
	case booking.Confirmed:
		return c.StatusConfirmed
	case booking.Expired:
		return c.StatusExpired
	case booking.Completed:
		return c.StatusCompleted
	case booking.NoShow:
		return c.StatusNoShow
	}
	return c.StatusCancelled
}

func (t *turn) money(m booking.Money) string { return t.texts.money(m) }

func (t *turn) nights(n int) string { return t.texts.nights(n) }

func (t *turn) people(n int) string { return t.texts.people(n) }

func (t *turn) date(d booking.Date) string { return t.texts.date(d, t.today) }

// plainDate is short, without the day of the week: it fits twice into a button.
func (t *turn) plainDate(d booking.Date) string {
	return strings.TrimSpace(t.texts.dateWith(d, [7]string{}))
}

func (t *turn) longDate(d booking.Date) string {
	return t.texts.dateWith(d, t.texts.Weekdays) + "/" + number(d.Time().Year())
}

func (t *turn) stayWords(stay booking.Stay, guests int) []string {
	return []string{"in", t.date(stay.CheckIn), "out", t.date(stay.CheckOut), "nights", t.nights(stay.Nights()), "guests", t.people(guests)}
}

// bookingWords are the names that texts about a booking can use.
func (t *turn) bookingWords(b BookingView) []string {
	return bookingWords(t.texts, b, t.today, zone(t.facts.Property()))
}

func bookingWords(c *catalogue, b BookingView, today booking.Date, location *time.Location) []string {
	return []string{
		"code", b.Code, "cabin", shown(b.UnitName, longestName), "in", c.date(b.Stay.CheckIn, today), "out", c.date(b.Stay.CheckOut, today),
		"nights", c.nights(b.Stay.Nights()), "guests", c.people(b.Guests), "total", c.money(b.Total), "deposit", c.money(b.Deposit),
		"paid", c.money(b.Paid), "balance", c.money(remaining(b)), "refund", c.money(b.RefundIfCancelled),
		"status", statusOf(c, b.Status), "deadline", c.moment(b.ExpiresAt, location),
	}
}

// remaining is what is still to be paid, never less than nothing.
func remaining(b BookingView) booking.Money {
	rest := booking.Money{Centavos: b.Total.Centavos - b.Paid.Centavos, Currency: b.Total.Currency}
	rest.Centavos = max(rest.Centavos, 0)
	return rest
}

// firstName is the guest's first name with a space before it, "" when the phone gives none that reads like a name.
func (t *turn) firstName() string {
	fields := strings.Fields(t.in.ProfileName)
	if len(fields) == 0 {
		return ""
	}
	const longest = 20
	name := shown(fields[0], longest)
	for _, r := range name {
		if !isLetter(r) {
			return ""
		}
	}
	if name == "" {
		return ""
	}
	return " " + name
}
