package whatsapp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/whatsapp"
)

func TestSignVector(t *testing.T) {
	t.Parallel()
	require.Equal(t, "sha256=56a21e195072d3c07ec2bbf608e0dfeaf322e1917ec30f0cb399c2a43588216e",
		whatsapp.Sign("secret", []byte(`{"object":"whatsapp_business_account","entry":[]}`)))
}
