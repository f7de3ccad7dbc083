package accounts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/internal/accounts"
)

func TestPasswordIsRecognisedAndNoOther(t *testing.T) {
	t.Parallel()
	hash, err := accounts.HashPassword("caballo correcto batería")
	require.NoError(t, err)
	ok, err := accounts.VerifyPassword("caballo correcto batería", hash)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = accounts.VerifyPassword("caballo correcto bateria", hash)
	require.NoError(t, err)
	require.False(t, ok)
	again, err := accounts.HashPassword("caballo correcto batería")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "every hash has its own salt")
}

func TestPasswordBounds(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "corta", strings.Repeat("x", 201)} {
		_, err := accounts.HashPassword(password)
		require.ErrorIs(t, err, accounts.ErrPassword)
	}
}

func TestUnreadableHashIsAnError(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{"", "$2b$10$abc", "$argon2id$v=19$m=1,t=1$x$y", "$argon2id$v=16$m=64,t=1,p=1$AAAA$AAAA"} {
		_, err := accounts.VerifyPassword("caballo correcto batería", hash)
		require.Error(t, err)
	}
}
