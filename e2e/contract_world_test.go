package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// existing makes things that parameters and fields can name.
func (o *office) existing(t *testing.T) known {
	t.Helper()
	held, _, _ := o.isSold(t)
	var guest int64
	require.NoError(t, o.db.QueryRow(patient(t), `SELECT guest_id FROM reservations WHERE code = $1`, held.Code).Scan(&guest))
	return known{
		"code": held.Code, "guest_id": fmt.Sprint(guest), "accommodation_id": 1, "cursor": "",
		// The accounts of this test stay as they are.
		"id": "1000000",
	}
}

// tryOthersBookings asks everything that a guest's token opens with no token, with nonsense, with staff's and with that of
// another guest: all are told the same as of a booking that does not exist.
func (o *office) tryOthersBookings(t *testing.T, d *document) {
	mine, theirs := o.holdOf(t), o.holdOf(t)
	tried := 0
	for _, op := range d.operations {
		if !opensWithToken(op) {
			continue
		}
		path := func(code string) string {
			return strings.NewReplacer("{code}", code, "{number}", "1").Replace(op.path)
		}
		body := []byte(nil)
		if op.body != nil {
			body = asJSON(t, d.bodyOf(op, known{}, false))
		}
		ask := func(code string, header ...string) answer { return o.must(t, op.method, path(code), body, header...) }

		unknown := ask("RES260101ABCDEF", "X-Reservation-Token", mine.Token)
		require.Equal(t, http.StatusNotFound, unknown.status, op.id)
		for name, token := range map[string]string{"another guest's": mine.Token, "nonsense": "nonsense", "staff's": o.token[:100], "its own code": theirs.Code} {
			refused := ask(theirs.Code, "X-Reservation-Token", token)
			require.Equal(t, http.StatusNotFound, refused.status, "%s with %s token", op.id, name)
			require.Equal(t, unknown.problem(t).Code, refused.problem(t).Code, op.id)
		}
		require.Equal(t, http.StatusUnauthorized, ask(theirs.Code).status, op.id)
		require.Equal(t, http.StatusUnauthorized, ask(theirs.Code, "Authorization", "Bearer "+o.token).status, "%s: staff has routes of its own", op.id)
		tried++
	}
	require.GreaterOrEqual(t, tried, 2)
	require.Equal(t, "pre_reserved", o.shown(t, theirs).Status, "nobody else's asking changed it")
}

func (o *office) holdOf(t *testing.T) hold {
	t.Helper()
	w, _ := o.wishes(2, o.week(t, 2), 2)
	return o.books(t, w)
}

func opensWithToken(op operation) bool {
	for _, scheme := range op.security {
		if _, ok := scheme.(map[string]any)["reservationToken"]; ok {
			return true
		}
	}
	return false
}
