package temporal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// What an encrypted payload says of itself, in clear. The names are those of Temporal's own samples, so that other tools know them.
const (
	encryptedEncoding = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
	// sealedFor names the form of what is encrypted; it is part of what is authenticated, as is the key id.
	sealedFor = "cabanas payload 1\x00"
)

// PayloadKey is one key of the payloads that Temporal stores.
type PayloadKey struct {
	ID  string // Stands in clear beside what it encrypts.
	Key []byte // 32 bytes, for AES-256.
}

// Codec encrypts payloads with AES-256-GCM: inputs, results, signals, summaries, details and failures. The first key encrypts, all
// decrypt. What was stored without encryption is read as it is.
//
// Not encrypted are ids, names, task queues, search attributes and headers: they must hold nothing personal.
type Codec struct {
	current string
	keys    map[string]cipher.AEAD
}

var _ converter.PayloadCodec = (*Codec)(nil)

// NewCodec makes a codec of one key or more.
func NewCodec(keys []PayloadKey) (*Codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("payload codec: no key")
	}
	codec := &Codec{current: keys[0].ID, keys: make(map[string]cipher.AEAD, len(keys))}
	for _, key := range keys {
		if len(key.Key) != 32 {
			return nil, fmt.Errorf("payload codec: key %s is not of 32 bytes", key.ID)
		}
		block, err := aes.NewCipher(key.Key)
		if err != nil {
			return nil, fmt.Errorf("payload codec: key %s: %w", key.ID, err)
		}
		if codec.keys[key.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("payload codec: key %s: %w", key.ID, err)
		}
	}
	return codec, nil
}

// Encode encrypts whole payloads, their metadata included.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encrypted := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		bare, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode payload: %w", err)
		}
		encrypted[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encryptedEncoding),
				metadataKeyID:              []byte(c.current),
			},
			Data: c.keys[c.current].Seal(nil, nil, bare, additional(c.current)),
		}
	}
	return encrypted, nil
}

// Decode is the reverse of Encode. A payload of another encoding, such as what an operator typed or what was stored before there
// were keys, is returned as it is. The error names the key that is missing.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decrypted := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != encryptedEncoding {
			decrypted[i] = payload
			continue
		}
		id := string(payload.GetMetadata()[metadataKeyID])
		key, known := c.keys[id]
		if !known {
			return nil, fmt.Errorf("decode payload: it was encrypted with the key %q, which PAYLOAD_KEYS does not list", id)
		}
		bare, err := key.Open(nil, nil, payload.GetData(), additional(id))
		if err != nil {
			return nil, fmt.Errorf("decode payload: it is damaged, or was not encrypted with this key %q", id)
		}
		decrypted[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(bare, decrypted[i]); err != nil {
			return nil, fmt.Errorf("decode payload: %w", err)
		}
	}
	return decrypted, nil
}

// additional is what is authenticated beside the encrypted: a payload cannot be passed off as one of another key or form.
func additional(keyID string) []byte { return []byte(sealedFor + keyID) }

// Converters are what clients, workers and replayers need to read and write what the keys encrypt; without keys they are the SDK's
// own. The failure converter encrypts messages and stack traces, too.
func Converters(keys []PayloadKey) (converter.DataConverter, converter.FailureConverter, error) {
	data := converter.GetDefaultDataConverter()
	if len(keys) == 0 {
		return data, sdktemporal.GetDefaultFailureConverter(), nil
	}
	codec, err := NewCodec(keys)
	if err != nil {
		return nil, nil, err
	}
	data = converter.NewCodecDataConverter(data, codec)
	return data, sealedFailures{sdktemporal.NewDefaultFailureConverter(sdktemporal.DefaultFailureConverterOptions{
		DataConverter: data, EncodeCommonAttributes: true,
	})}, nil
}

// sealedFailures keeps what it reads as it is. The SDK's converter writes the clear message into the failure that it decodes, and a
// local activity's is stored after that.
type sealedFailures struct{ converter.FailureConverter }

func (s sealedFailures) FailureToError(failure *failurepb.Failure) error {
	if failure == nil {
		return nil
	}
	return s.FailureConverter.FailureToError(proto.Clone(failure).(*failurepb.Failure))
}
