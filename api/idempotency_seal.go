package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"cabanas/store/postgres"
)

// sealer encrypts kept answers, which hold what is shown once: a guest's token, the address of a calendar. Its key is made of ours
// and of the client's Idempotency-Key, which we do not keep: the database alone opens nothing.
type sealer struct{ key []byte }

func (s sealer) cipher() cipher.AEAD {
	block, err := aes.NewCipher(s.key)
	if err == nil {
		var sealed cipher.AEAD
		if sealed, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return sealed
		}
	}
	panic(fmt.Sprintf("cipher of stored answers: %v", err)) // the key is a SHA-256 and has a right length
}

func (s sealer) close(answer []byte) []byte { return s.cipher().Seal(nil, nil, answer, nil) }

func (s sealer) open(sealed []byte) ([]byte, error) {
	answer, err := s.cipher().Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errors.New("a stored answer does not open")
	}
	return answer, nil
}

type attemptKey struct{}

// attempt is a secret that all requests of one write share, for what must come out the same when the first answer was lost.
func (s sealer) attempt(write postgres.WriteKey) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("attempt"))
	mac.Write(write.RequestHash)
	return mac.Sum(nil)
}

// attemptOf is empty for a request without an Idempotency-Key.
func attemptOf(ctx context.Context) []byte {
	attempt, _ := ctx.Value(attemptKey{}).([]byte)
	return attempt
}
