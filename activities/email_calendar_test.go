package activities_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/email"
	"cabanas/gateways/email/emailtest"
	"cabanas/gateways/ical"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// One stay of one id goes into the guest's calendar, is moved in it and taken out of it; each state is newer than the last.
func TestTheGuestsCalendarFollowsTheStay(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	o.mails.From = "reservas@cabanas.test"
	o.confirm()
	require.NoError(t, o.tell(workflows.NoticeConfirmed))
	require.NoError(t, o.post())

	r, err := o.store.Reservation(t.Context(), o.code)
	require.NoError(t, err)
	o.later(time.Hour)
	moved, err := o.store.ChangeStay(t.Context(), postgres.StayChange{Code: o.code, AccommodationID: r.AccommodationID,
		Stay: booking.Stay{CheckIn: booking.MustDate("2027-01-20"), CheckOut: booking.MustDate("2027-01-23")}, Guests: r.Guests, StaffID: 1, Key: "k"}, o.clock())
	require.NoError(t, err)
	require.True(t, moved.Changed)
	require.NoError(t, o.tell(workflows.NoticeStayChanged))
	require.NoError(t, o.post())

	o.later(time.Hour)
	_, err = o.store.Cancel(t.Context(), o.code, booking.ByGuest, "guest", o.clock())
	require.NoError(t, err)
	require.NoError(t, o.tell(workflows.NoticeCancelled))
	require.NoError(t, o.post())

	mails := o.relay.Mails()
	require.Len(t, mails, 3)
	line := func(n int, name string) string {
		found := regexp.MustCompile(`(?m)^` + name + `[:;](.*?)\r?$`).FindStringSubmatch(string(decoded(t, mails[n], "text/calendar")))
		require.NotNil(t, found, name)
		return found[1]
	}
	for n, want := range []struct{ method, status, sequence, from, until string }{
		{"PUBLISH", "CONFIRMED", "1", "VALUE=DATE:20270110", "VALUE=DATE:20270112"},
		{"PUBLISH", "CONFIRMED", "2", "VALUE=DATE:20270120", "VALUE=DATE:20270123"},
		{"CANCEL", "CANCELLED", "3", "VALUE=DATE:20270120", "VALUE=DATE:20270123"},
	} {
		require.Equal(t, want.method, line(n, "METHOD"))
		require.Equal(t, want.status, line(n, "STATUS"))
		require.Equal(t, want.sequence, line(n, "SEQUENCE"))
		require.Equal(t, []string{want.from, want.until}, []string{line(n, "DTSTART"), line(n, "DTEND")}, "nights, not hours: the same in every zone")
		require.Equal(t, "stay-"+o.code+"@cabanas.test", line(n, "UID"))
		require.Equal(t, "mailto:reservas@cabanas.test", line(n, "ORGANIZER"))
		require.Regexp(t, `text/calendar;[^:]*method="?`+want.method, string(mails[n].Raw))
		require.Equal(t, "<"+ownersEmail+">", mails[n].Message(t).Header.Get("Reply-To"), "who answers reaches a person")
	}
	require.Less(t, line(0, "DTSTAMP"), line(1, "DTSTAMP"))
	require.Less(t, line(1, "DTSTAMP"), line(2, "DTSTAMP"))
	feed, err := ical.Parse(decoded(t, mails[1], "text/calendar"), ical.Reading{Zone: time.UTC})
	require.NoError(t, err)
	require.Empty(t, feed.Problems)
	require.Len(t, feed.Events, 1)
}

func TestAHoldThatIsCancelledWasInNoCalendar(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	_, err := o.store.Cancel(t.Context(), o.code, booking.ByGuest, "guest", o.clock())
	require.NoError(t, err)
	require.NoError(t, o.tell(workflows.NoticeCancelled))
	require.NoError(t, o.post())
	require.Len(t, o.relay.Mails(), 1)
	require.NotContains(t, string(o.relay.Mails()[0].Raw), ".ics")
}

// A line that breaks after the relay took a mail is a mail twice, with one id, never none.
func TestARelayThatBreaksOffIsAskedAgain(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	id := o.sender.started[0]
	again := func() error {
		_, err := o.mails.SendMail(t.Context(), workflows.MailInput{MailID: id})
		return err
	}
	o.relay.Meet(emailtest.Dropped, emailtest.DroppedAfter)
	require.Equal(t, email.ReasonUnreachable, email.ReasonOf(again()))
	require.Empty(t, o.relay.Mails())
	require.Equal(t, email.ReasonUnreachable, email.ReasonOf(again()))
	require.NoError(t, again())
	require.NoError(t, again(), "it was sent")
	mails := o.relay.Mails()
	require.Len(t, mails, 2)
	require.Equal(t, mails[0].Message(t).Header.Get("Message-Id"), mails[1].Message(t).Header.Get("Message-Id"))
	status, reason, attempts := o.state()
	require.Equal(t, []any{"sent", "", 3}, []any{status, reason, attempts})
}

var _ activities.MailStore = (*postgres.Store)(nil)
