package dialogue

import (
	"reflect"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestMoneyTextsSayTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	es := reflect.ValueOf(spanishMoney)
	for _, other := range []moneyTexts{portugueseMoney, englishMoney} {
		their := reflect.ValueOf(other)
		for i := range es.NumField() {
			field := es.Type().Field(i).Name
			require.NotEmpty(t, their.Field(i).String(), field)
			require.Equal(t, namesIn(es.Field(i).String()), namesIn(their.Field(i).String()), field)
		}
	}
	for _, texts := range []any{spanishMoney, portugueseMoney, englishMoney, toOwnerMoney} {
		values := reflect.ValueOf(texts)
		for i := range values.NumField() {
			field, text := values.Type().Field(i).Name, values.Field(i).String()
			emojis := 0
			for _, r := range text {
				if unicode.Is(unicode.So, r) {
					emojis++
				}
			}
			require.LessOrEqual(t, emojis, 1, field)
			if len(field) > 6 && field[:6] == "Button" {
				require.LessOrEqual(t, runes(text), mostButtonTitle, field)
			}
		}
	}
}

func TestTransferPressesAreToldApart(t *testing.T) {
	t.Parallel()
	for _, action := range []Action{ActionTransfer, ActionTransferOk, ActionTransferNo} {
		press := Press{Action: action, Code: "RES261122A1B2C3"}
		read, known := ParsePress(press.ID())
		require.True(t, known)
		require.Equal(t, press, read)
	}
}

func TestOnlyTheOwnersPhoneDecidesAboutATransfer(t *testing.T) {
	t.Parallel()
	press := Inbound{Kind: InboundChoice, ChoiceID: Press{Action: ActionTransferOk, Code: "RES261122A1B2C3"}.ID()}
	for _, owner := range []bool{true, false} {
		tr := &turn{in: press}
		tr.in.FromOwner = owner
		require.Equal(t, owner, tr.ownerDecides())
		if owner {
			require.Equal(t, []Effect{{Kind: EffectTransferPaid, Code: "RES261122A1B2C3"}}, tr.effects)
		} else {
			require.Empty(t, tr.effects)
		}
	}
}

func TestMoneyNotices(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	b := BookingView{Code: "RES261122A1B2C3", UnitName: "Arrayán", Guests: 2, Status: booking.PreReserved, ExpiresAt: now.Add(72 * time.Hour),
		Stay:  booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
		Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), Paid: booking.Pesos(0)}
	property := booking.Property{Name: "Cabañas", Location: time.UTC, Payments: booking.PaymentTerms{TransferDetails: "Alias: cabanas"}}
	compose := func(kind string, change func(*Notice)) Reply {
		n := Notice{Kind: kind, Language: "es", Booking: b, Property: property, Now: now, GuestName: "Ana", GuestPhone: "5411"}
		if change != nil {
			change(&n)
		}
		return Compose(n)
	}
	offer := compose(noticeTransferOffer, nil)
	require.Equal(t, []Choice{{ID: "transfer_RES261122A1B2C3", Title: "Transferencia"}}, offer.Choices)
	for _, kind := range []string{noticeOwnerTransfer, noticeOwnerReceipt} {
		asked := compose(kind, nil)
		require.Equal(t, ReplyButtons, asked.Kind, kind)
		require.Equal(t, "transfer_ok_RES261122A1B2C3", asked.Choices[0].ID)
		require.Equal(t, "transfer_no_RES261122A1B2C3", asked.Choices[1].ID)
		require.Contains(t, asked.Body, "no en el comprobante")
	}
	balance := compose(noticeBalanceLink, func(n *Notice) {
		n.Booking.Status, n.Booking.Paid, n.Booking.BalanceURL = booking.Confirmed, booking.Pesos(30_000), "https://pay.test/balance"
	})
	require.Equal(t, "https://pay.test/balance", balance.LinkURL)
	require.Contains(t, balance.Body, "70.000")
	require.Contains(t, balance.Template.Parameters[1], "https://pay.test/balance")
	receipt := compose(noticeReceipt, func(n *Notice) {
		n.Document = Document{URL: "https://cabins.test/receipts/x.pdf", Filename: "R-0001-00000012.pdf", Number: "R-0001-00000012", Amount: booking.Pesos(30_000)}
	})
	require.Equal(t, ReplyDocument, receipt.Kind)
	require.Equal(t, "R-0001-00000012.pdf", receipt.Name)
	require.Contains(t, receipt.Body, "R-0001-00000012")
	require.Contains(t, receipt.Template.Parameters[1], "https://cabins.test/receipts/x.pdf")
	whose := AskWhoseTransfer(booking.Pesos(30_000), []string{"A", "B", "C", "D"})
	require.Len(t, whose.Choices, 3)
	require.Contains(t, whose.Body, "A, B, C, D")
}

func TestWishesAboutMoneyAreHeard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sign{
		"¿Puedo transferir?": signTransfer, "pasame el alias porfa": signTransfer, "can I pay by bank transfer?": signTransfer,
		"mandame el recibo": signMyReceipt, "comprobante": signMyReceipt, "me pasás el comprobante?": signMyReceipt, "send me the receipt please": signMyReceipt,
	} {
		require.True(t, gives(text, want), text)
	}
	for _, text := range []string{"te mandé el comprobante", "ya transferí", "acá va el recibo de la transferencia"} {
		require.False(t, gives(text, signTransfer), text)
		require.False(t, gives(text, signMyReceipt), text)
	}
}
