package mercadopago

import (
	"context"
	"net/http"

	"cabanas/gateways/internal/lenient"
)

// Account is whose access token the client has.
type Account struct {
	// ID is the collector that payments name.
	ID int64
	// Site is the country's market: MLA for Argentina.
	Site string
}

// Account asks whose token it is, which shows that the token is good. The error is always an [Error].
func (c *Client) Account(ctx context.Context) (Account, error) {
	const operation = "read account"
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: "/users/me", answer: objectAnswer})
	if err != nil {
		return Account{}, err
	}
	body, _ := lenient.Read(answer)
	id, ok := body.Integer("id")
	if !ok || id <= 0 {
		return Account{}, &Error{Operation: operation, Reason: ReasonServer, Cause: errAnswerShape}
	}
	return Account{ID: int64(id), Site: body.Text("site_id")}, nil
}
