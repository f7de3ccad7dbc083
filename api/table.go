package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	// exportPage is how many rows are read at once: a table of any size takes the memory of one page.
	exportPage = 500
	// byteOrderMark makes Excel read UTF-8.
	byteOrderMark = "\ufeff"
)

// tableResponse describes the answer of a route that streams a table.
func tableResponse() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "The table.", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
}

// tableFile is what a table is called, and how it is written.
type tableFile struct {
	name     string
	header   []string
	forExcel bool
}

// tableRows are the rows of a table: read gives at most exportPage of them after a place, place is where a row is.
type tableRows[R any] struct {
	read  func(ctx context.Context, after postgres.Place) ([]R, error)
	place func(R) postgres.Place
	cells func(table, R) []string
}

// streamTable answers with every row, page by page. The first page is read before the answer begins, so that what is wrong is still
// a problem.
func streamTable[R any](ctx context.Context, o *Options, file tableFile, rows tableRows[R]) (*huma.StreamResponse, error) {
	page, err := rows.read(ctx, postgres.Place{})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+file.name+`-`+o.Now().UTC().Format(time.DateOnly)+`.csv"`)
		hc.SetHeader("Cache-Control", "private, no-store")
		hc.SetStatus(http.StatusOK)
		if isHead(ctx) {
			return
		}
		table := newTable(hc, file)
		for {
			for _, row := range page {
				_ = table.Write(rows.cells(table, row)) // told by flushed
			}
			if !table.flushed() || len(page) < exportPage {
				break
			}
			var err error
			if page, err = rows.read(ctx, rows.place(page[len(page)-1])); err != nil {
				o.Logger.ErrorContext(ctx, "export_broke_off", "error", err)
				panic(http.ErrAbortHandler) // half a table must not look whole
			}
		}
	}}, nil
}

// table is a table being written to somebody who may go away; then the rest is not written.
type table struct {
	*csv.Writer
	decimal string
}

func newTable(hc huma.Context, file tableFile) table {
	t := table{csv.NewWriter(hc.BodyWriter()), "."}
	t.UseCRLF = true
	if file.forExcel {
		t.Comma, t.decimal = ';', ","
		if _, err := hc.BodyWriter().Write([]byte(byteOrderMark)); err != nil {
			return t
		}
	}
	_ = t.Write(file.header)
	return t
}

func (t table) flushed() bool {
	t.Flush()
	return t.Error() == nil
}

func (t table) amount(m booking.Money) string { return strings.Replace(m.Decimal(), ".", t.decimal, 1) }

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// harmless keeps a spreadsheet from taking what a person typed for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
