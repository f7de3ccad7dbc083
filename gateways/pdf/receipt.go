// Package pdf writes the papers that people keep.
package pdf

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"

	"cabanas/booking"
)

const (
	margin   = 20.0 // millimetres
	line     = 8.0
	labelCol = 55.0
)

var methodNames = map[booking.PaymentMethod]string{
	booking.ByMercadoPago: "Mercado Pago", booking.ByCash: "Efectivo", booking.ByTransfer: "Transferencia bancaria",
}

// Receipt writes a receipt as a PDF of one A4 page: the same bytes for the same receipt.
func Receipt(receipt booking.Receipt) ([]byte, error) {
	r := paper(receipt)
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetCatalogSort(true)
	doc.SetCreationDate(r.IssuedAt.UTC())
	doc.SetModificationDate(r.IssuedAt.UTC())
	doc.SetTitle(r.title()+" "+r.Number, true)
	doc.SetAuthor(r.Property, true)
	doc.SetMargins(margin, margin, margin)
	doc.AddPage()
	// The fonts that every reader has speak cp1252, which has all of Spanish and Portuguese.
	latin := doc.UnicodeTranslatorFromDescriptor("")

	doc.SetFont("Helvetica", "B", 18)
	doc.CellFormat(0, 10, latin(r.Property), "", 1, "L", false, 0, "")
	doc.SetFont("Helvetica", "", 11)
	doc.CellFormat(0, line, latin(r.title()+" N° "+r.Number), "", 1, "L", false, 0, "")
	doc.SetTextColor(110, 110, 110)
	doc.CellFormat(0, line, latin("Documento no válido como factura"), "B", 1, "L", false, 0, "")
	doc.SetTextColor(0, 0, 0)
	doc.Ln(6)

	for _, row := range r.rows() {
		doc.SetFont("Helvetica", "", 11)
		doc.SetTextColor(110, 110, 110)
		doc.CellFormat(labelCol, line, latin(row.label), "", 0, "L", false, 0, "")
		doc.SetTextColor(0, 0, 0)
		if row.strong {
			doc.SetFont("Helvetica", "B", 13)
		}
		doc.MultiCell(0, line, latin(row.value), "", "L", false)
	}
	doc.Ln(8)
	doc.SetFont("Helvetica", "", 9)
	doc.SetTextColor(110, 110, 110)
	doc.MultiCell(0, 5, latin(r.closing()), "T", "L", false)

	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("write receipt %s: %w", r.Number, err)
	}
	return out.Bytes(), nil
}

func (r paper) title() string {
	if r.Credit {
		return "Nota de devolución"
	}
	return "Recibo de pago"
}

func (r paper) closing() string {
	if r.Credit {
		return "Constancia de dinero devuelto al huésped."
	}
	return "La seña es parte del precio (arts. 1059 y 1060 del Código Civil y Comercial). Conservá este recibo."
}

// paper is a receipt as it is laid out.
type paper booking.Receipt

func day(d booking.Date) string { return d.Time().Format("2/1/2006") }

type row struct {
	label, value string
	strong       bool
}

func (r paper) rows() []row {
	amount := "Importe recibido"
	if r.Credit {
		amount = "Importe devuelto"
	}
	return []row{
		{label: "Fecha", value: day(r.Date)},
		{label: "Reserva", value: r.Code},
		{label: "Unidad", value: r.Unit},
		{label: "Estadía", value: "Del " + day(r.Stay.CheckIn) + " al " + day(r.Stay.CheckOut)},
		{label: "Medio de pago", value: methodNames[r.Method]},
		{label: amount, value: r.Amount.String(), strong: true},
		{label: "Total de la estadía", value: r.Total.String()},
		{label: "Pagado hasta ahora", value: r.Paid.String()},
		{label: "Saldo", value: r.Balance.String()},
	}
}
