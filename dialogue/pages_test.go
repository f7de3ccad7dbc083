package dialogue

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

var everyPage = []PageState{
	PagePay, PageRejected, PageMaking, PageChecking, PagePending, PageConfirmed, PageExpired, PageLate, PageReturned, PageCancelled,
	PageOver, PageUnknown, PageBusy, PageAway,
}

func TestPagesSayTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, texts := range []*pageTexts{&spanishPages, &portuguesePages, &englishPages} {
		values, es := reflect.ValueOf(*texts), reflect.ValueOf(spanishPages)
		for i := range values.NumField() {
			if values.Field(i).Kind() == reflect.String {
				require.NotEmpty(t, values.Field(i).String(), values.Type().Field(i).Name)
				require.Equal(t, namesIn(es.Field(i).String()), namesIn(values.Field(i).String()))
			}
		}
		require.Len(t, texts.States, len(everyPage))
		for _, state := range everyPage {
			said, original := texts.States[state], spanishPages.States[state]
			require.NotEmpty(t, said.Title, state)
			require.NotEmpty(t, said.Text, state)
			require.Equal(t, namesIn(original.Text), namesIn(said.Text), state)
			require.Equal(t, namesIn(original.GaveUp), namesIn(said.GaveUp), state)
			require.Equal(t, original.GaveUp == "", said.GaveUp == "", state)
			require.NotEmpty(t, tones[state], state)
		}
	}
}

func TestComposePage(t *testing.T) {
	t.Parallel()
	view := PageView{
		State: PagePay, Language: "es", Code: "RES270110A1B2C3", UnitName: "Arrayán\n<b>", Due: booking.Pesos(30_000),
		Stay:     booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
		Deadline: time.Date(2027, 1, 2, 15, 30, 0, 0, time.UTC), Now: time.Date(2027, 1, 2, 15, 0, 0, 0, time.UTC),
		CheckoutURL: "https://pay.example/1", WhatsApp: "5491122334455",
	}
	page := ComposePage(view)
	require.Equal(t, "Pagar $\u00a030.000", page.Action.Label)
	require.Contains(t, page.Text, "las 15:30")
	require.Equal(t, "https://wa.me/5491122334455?text=%C2%A1Hola%21%20Es%20por%20la%20reserva%20RES270110A1B2C3", page.WhatsApp.URL)
	require.Equal(t, PageRow{Name: "Alojamiento", Value: "Arrayán <b>"}, page.Rows[0])

	view.State, view.Language, view.CheckoutURL = PageExpired, "en", ""
	page = ComposePage(view)
	require.Empty(t, page.Action)
	require.Equal(t, "Ask for it again", page.WhatsApp.Label)

	nobody := ComposePage(PageView{State: PageUnknown, Language: "xx", WhatsApp: "5491122334455"})
	require.Equal(t, "es", nobody.Language)
	require.Empty(t, nobody.Rows)
	require.Equal(t, "https://wa.me/5491122334455", nobody.WhatsApp.URL)

	view.State, view.GaveUp = PageChecking, true
	require.NotContains(t, ComposePage(view).Text, "refreshes")
}
