package supervisor

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secrets are made once per home for what no setting gives. Those of providers begin with a mark that ENVIRONMENT=production refuses,
// since no real provider knows them.
type secrets struct {
	JWTSecret                string `json:"jwt_secret"`
	SetupToken               string `json:"setup_token"`
	WhatsAppPhoneID          string `json:"whatsapp_phone_id"`
	WhatsAppAccessToken      string `json:"whatsapp_access_token"`
	WhatsAppAppSecret        string `json:"whatsapp_app_secret"`
	WhatsAppVerifyToken      string `json:"whatsapp_verify_token"`
	MercadoPagoAccessToken   string `json:"mercadopago_access_token"`
	MercadoPagoWebhookSecret string `json:"mercadopago_webhook_secret"`
}

const sandboxMark = "sandbox-"

// sandboxPhoneID is no secret: the id of the number that guests of the sandbox write to.
const sandboxPhoneID = "106540352242922"

// loadSecrets reads secrets.json and makes what is missing in it.
func loadSecrets(home string) (secrets, error) {
	var s secrets
	path := filepath.Join(home, "secrets.json")
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return secrets{}, fmt.Errorf("read secrets.json: %w", err)
	default:
		if err := json.Unmarshal(raw, &s); err != nil {
			return secrets{}, fmt.Errorf("read secrets.json: %w", err)
		}
	}
	complete := s
	for value, mark := range map[*string]string{
		&complete.JWTSecret: "", &complete.SetupToken: "", &complete.WhatsAppAccessToken: sandboxMark,
		&complete.WhatsAppAppSecret: sandboxMark, &complete.WhatsAppVerifyToken: sandboxMark,
		&complete.MercadoPagoAccessToken: sandboxMark, &complete.MercadoPagoWebhookSecret: sandboxMark,
	} {
		if *value == "" {
			*value = mark + strings.ToLower(rand.Text()+rand.Text())
		}
	}
	if complete.WhatsAppPhoneID == "" {
		complete.WhatsAppPhoneID = sandboxPhoneID
	}
	if complete == s {
		return s, nil
	}
	return complete, writeJSON(path, complete)
}

func (s secrets) setupTokenHash() string {
	digest := sha256.Sum256([]byte(s.SetupToken))
	return hex.EncodeToString(digest[:])
}
