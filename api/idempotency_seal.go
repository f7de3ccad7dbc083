package api

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
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
