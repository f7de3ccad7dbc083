package pdf_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/gateways/pdf"
)

func receipt() booking.Receipt {
	return booking.Receipt{
		Number: "R-0001-00000012", Property: "Cabañas del Ñandú", Unit: "Cabaña Arrayán", Code: "RES261122A1B2C3", Stay: booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
		IssuedAt: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC), Date: booking.MustDate("2026-11-22"), Method: booking.ByTransfer, Amount: booking.Centavos(3_000_050),
		Total: booking.Pesos(100_000), Paid: booking.Centavos(3_000_050), Balance: booking.Centavos(6_999_950),
	}
}

var (
	streams = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	shown   = regexp.MustCompile(`(?s)\((.*?[^\\])\)\s*Tj`)
)

// textOf reads the words that a PDF shows, from its streams.
func textOf(t *testing.T, file []byte) string {
	t.Helper()
	var words []string
	for _, stream := range streams.FindAllSubmatch(file, -1) {
		inflated, err := zlib.NewReader(bytes.NewReader(stream[1]))
		if err != nil {
			continue
		}
		content, err := io.ReadAll(inflated)
		require.NoError(t, err)
		for _, word := range shown.FindAllSubmatch(content, -1) {
			text := make([]rune, 0, len(word[1]))
			for _, b := range bytes.ReplaceAll(word[1], []byte(`\`), nil) {
				text = append(text, rune(b)) // cp1252 agrees with Unicode where Spanish is
			}
			words = append(words, string(text))
		}
	}
	return strings.Join(words, "\n")
}

func TestAReceiptSaysWhatWasPaid(t *testing.T) {
	t.Parallel()
	file, err := pdf.Receipt(receipt())
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(file, []byte("%PDF-")))
	text := textOf(t, file)
	for _, said := range []string{
		"Cabañas del Ñandú", "Recibo de pago N° R-0001-00000012", "Documento no válido como factura", "RES261122A1B2C3", "Cabaña Arrayán",
		"Del 10/1/2027 al 15/1/2027", "Transferencia bancaria", "$ 30.000,50", "$ 100.000", "$ 69.999,50", "22/11/2026", "Importe recibido",
	} {
		require.Contains(t, text, said)
	}
}

func TestACreditNoteSaysWhatWentBack(t *testing.T) {
	t.Parallel()
	r := receipt()
	r.Credit = true
	file, err := pdf.Receipt(r)
	require.NoError(t, err)
	text := textOf(t, file)
	require.Contains(t, text, "Nota de devolución")
	require.Contains(t, text, "Importe devuelto")
	require.NotContains(t, text, "Importe recibido")
}

func TestTheSameReceiptHasTheSameBytes(t *testing.T) {
	t.Parallel()
	first, err := pdf.Receipt(receipt())
	require.NoError(t, err)
	for range 3 {
		again, err := pdf.Receipt(receipt())
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestAnyTextFits(t *testing.T) {
	t.Parallel()
	r := receipt()
	r.Unit, r.Property = strings.Repeat("Cabaña con un nombre muy largo (y paréntesis) ", 20), "日本 \\ ( 🏕"
	_, err := pdf.Receipt(r)
	require.NoError(t, err)
}
