package mercadopago_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/mercadopago"
)

func TestSignVectors(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ts=1704908010,v1=fdbcf6922807bd0428cbb1781c25e9e9cb6866a2ae2074a1fe9c85096f2e2b0c",
		mercadopago.Sign("secret", "123456789", "2066ca19-c6f1-498a-be75-1923005edd06", "1704908010"))
	require.Equal(t, "ts=1704908010,v1=5f5b04655b1d66044ac625fce94dab07a79acf82e8c7d22862a193cb407dcb7d",
		mercadopago.Sign("secret", "123456789", "", "1704908010"))
}
