package dialogue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func TestCalendarAlarms(t *testing.T) {
	t.Parallel()
	notice := dialogue.CalendarNotice{
		UnitName: "Arrayán", Channel: "booking", Booking: "RES260110A1B2C3", Status: booking.Confirmed, Today: booking.MustDate("2026-11-22"),
		Nights:  booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-12")},
		Stay:    booking.Stay{CheckIn: booking.MustDate("2027-01-09"), CheckOut: booking.MustDate("2027-01-11")},
		Problem: "html", Age: 3 * time.Hour,
	}
	held := notice
	held.Status = booking.PreReserved
	cases := []struct {
		kind   string
		notice dialogue.CalendarNotice
		says   []string
	}{
		{"owner_calendar_conflict", notice, []string{"Doble reserva en Arrayán", "Booking.com", "RES260110A1B2C3", "confirmada", "Qué hacer"}},
		{"owner_calendar_conflict", held, []string{"sin pagar", "RES260110A1B2C3", "Qué hacer"}},
		{"owner_calendar_quarantine", notice, []string{"perdió la mayoría", "aceptalo en el panel"}},
		{"owner_calendar_stale", notice, []string{"Hace 3 horas", "llega una página web"}},
		{"owner_calendar_well", notice, []string{"se lee bien otra vez"}},
		{"something_new", notice, []string{"novedad en el calendario de Booking.com de Arrayán"}},
	}
	for _, c := range cases {
		c.notice.Kind = c.kind
		reply := dialogue.ComposeCalendar(c.notice)
		for _, words := range c.says {
			require.Contains(t, reply.Body, words)
		}
		require.NotContains(t, reply.Body, "{")
		require.Equal(t, "owner_alert", reply.Template.Name)
		require.Len(t, reply.Template.Parameters, 1)
		require.NotContains(t, reply.Template.Parameters[0], "\n")
	}
}
