package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

// openOperations need no account: they are for everybody, or another key opens them: a guest's token, the one-time set-up
// token, a refresh token, an address nobody can guess. Any other operation without a role fails the test.
var openOperations = map[string]bool{
	"health": true, "ready": true, "list-accommodations": true, "get-accommodation": true, "get-availability": true,
	"place-hold": true, "get-reservation": true, "cancel-reservation": true, "get-receipt": true, "export-calendar": true,
	"log-in": true, "refresh-session": true, "set-up": true,
}

var ranks = map[string]int{"readonly": 1, "staff": 2, "owner": 3}

// tryRoles asks every operation as nobody, with a token that is none, and as each role. What is asked for is nonsense: whoever is
// let in is refused for that, and nothing changes.
func (o *office) tryRoles(t *testing.T, d *document) {
	tokens := map[string]string{"owner": o.token}
	for _, role := range []string{"staff", "readonly"} {
		email := role + "@contract.test"
		o.keepPrivate(email)
		o.ask(http.MethodPost, "/admin/users", map[string]string{"email": email, "role": role, "password": ownerPassword}, http.StatusCreated, nil)
		var grant struct {
			AccessToken string `json:"access_token"`
		}
		o.must(t, http.MethodPost, "/api/v1/admin/login", asJSON(t, map[string]string{"email": email, "password": ownerPassword})).into(t, &grant)
		require.NotEmpty(t, grant.AccessToken)
		tokens[role] = grant.AccessToken
	}
	var open []string
	for _, op := range d.operations {
		if op.role == "" {
			open = append(open, op.id)
			require.True(t, openOperations[op.id], "%s %s has neither a role nor is it open by name", op.method, op.path)
			continue
		}
		require.NotZero(t, ranks[op.role], op.id)
		nonsense := asked{
			path:   strings.NewReplacer("{id}", "1000000", "{guest_id}", "1000000", "{feed_id}", "1000000", "{code}", "RES260101ABCDEF").Replace(op.path),
			header: http.Header{},
		}
		if op.method != http.MethodGet {
			nonsense.body, nonsense.bodyType = []byte(`"nothing"`), "application/json"
		}
		for _, bearer := range []string{"Bearer", "Bearer nonsense", "Basic b3duZXI6b3duZXI="} {
			nonsense.header.Set("Authorization", bearer)
			refused := o.asks(t, op, nonsense)
			require.Equal(t, http.StatusUnauthorized, refused.status, "%s with %q", op.id, bearer)
			require.NoError(t, d.fault(op, refused), op.id)
		}
		if endsSession[op.id] {
			continue
		}
		for role, token := range tokens {
			nonsense.header.Set("Authorization", "Bearer "+token)
			a := o.asks(t, op, nonsense)
			if ranks[role] >= ranks[op.role] {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, a.status, "%s is open to %s: %s", op.id, role, a.body)
			} else {
				require.Equal(t, http.StatusForbidden, a.status, "%s is closed to %s", op.id, role)
				require.Equal(t, string(booking.CodeForbidden), a.problem(t).Code)
			}
			require.NoError(t, d.fault(op, a), "%s as %s", op.id, role)
		}
	}
	slices.Sort(open)
	for name := range openOperations {
		require.Contains(t, open, name, "a name without its operation")
	}
}
