package temporal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"cabanas/temporal"
)

func newKey(id string) temporal.PayloadKey {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return temporal.PayloadKey{ID: id, Key: key}
}

func newCodec(t require.TestingT, keys ...temporal.PayloadKey) *temporal.Codec {
	codec, err := temporal.NewCodec(keys)
	require.NoError(t, err)
	return codec
}

func clearPayload(text string) *commonpb.Payload {
	payload, err := converter.GetDefaultDataConverter().ToPayload(text)
	if err != nil {
		panic(err)
	}
	return payload
}

func TestPayloadsComeBack(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, newKey("2026-11"))
	rapid.Check(t, func(rt *rapid.T) {
		payloads := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) *commonpb.Payload {
			return &commonpb.Payload{
				Metadata: rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Byte())).Draw(rt, "metadata"),
				Data:     rapid.SliceOf(rapid.Byte()).Draw(rt, "data"),
			}
		}), 0, 4).Draw(rt, "payloads")
		encrypted, err := codec.Encode(payloads)
		require.NoError(rt, err)
		decrypted, err := codec.Decode(encrypted)
		require.NoError(rt, err)
		require.Len(rt, decrypted, len(payloads))
		for i := range payloads {
			require.True(rt, proto.Equal(payloads[i], decrypted[i]))
		}
	})
}

func TestEncryptedShowsNothing(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, newKey("2026-11"))
	payload := clearPayload("Lucía Fernández, 5492944123456")
	first, err := codec.Encode([]*commonpb.Payload{payload})
	require.NoError(t, err)
	second, err := codec.Encode([]*commonpb.Payload{payload})
	require.NoError(t, err)
	require.NotEqual(t, first[0].GetData(), second[0].GetData(), "the same twice must not look the same")
	for _, part := range []string{"Luc", "5492944123456", "json/plain"} {
		require.NotContains(t, first[0].String(), part)
	}
	require.Equal(t, map[string][]byte{"encoding": []byte("binary/encrypted"), "encryption-key-id": []byte("2026-11")}, first[0].GetMetadata())
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	older, newer := newKey("2025"), newKey("2026")
	before, during, after := newCodec(t, older), newCodec(t, newer, older), newCodec(t, newer)
	old, err := before.Encode([]*commonpb.Payload{clearPayload("old")})
	require.NoError(t, err)
	fresh, err := during.Encode([]*commonpb.Payload{clearPayload("new")})
	require.NoError(t, err)

	both, err := during.Decode([]*commonpb.Payload{old[0], fresh[0]})
	require.NoError(t, err)
	require.Equal(t, `"old"`, string(both[0].GetData()))
	require.Equal(t, `"new"`, string(both[1].GetData()))
	_, err = after.Decode(fresh)
	require.NoError(t, err)
	_, err = after.Decode(old)
	require.EqualError(t, err, `decode payload: it was encrypted with the key "2025", which PAYLOAD_KEYS does not list`)
	_, err = before.Decode(fresh)
	require.ErrorContains(t, err, `"2026"`)
}

func TestWhatIsNotOursPasses(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, newKey("k"))
	for _, payload := range []*commonpb.Payload{clearPayload("typed by an operator"), {}, {Data: []byte("x")}, nil} {
		decoded, err := codec.Decode([]*commonpb.Payload{payload})
		require.NoError(t, err)
		require.Same(t, payload, decoded[0])
	}
}

func TestAlteredPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	one, two := newKey("one"), newKey("two")
	two.Key = one.Key // the same bytes under another id
	codec := newCodec(t, one, two)
	sealed, err := codec.Encode([]*commonpb.Payload{clearPayload("text")})
	require.NoError(t, err)
	for name, alter := range map[string]func(*commonpb.Payload){
		"a bit":       func(p *commonpb.Payload) { p.Data[len(p.GetData())-1] ^= 1 },
		"the nonce":   func(p *commonpb.Payload) { p.Data[0] ^= 1 },
		"cut":         func(p *commonpb.Payload) { p.Data = p.GetData()[:20] },
		"empty":       func(p *commonpb.Payload) { p.Data = nil },
		"another id":  func(p *commonpb.Payload) { p.Metadata["encryption-key-id"] = []byte("two") },
		"without id":  func(p *commonpb.Payload) { delete(p.GetMetadata(), "encryption-key-id") },
		"another key": func(p *commonpb.Payload) { p.Data = bytes.Repeat([]byte{1}, len(p.GetData())) },
	} {
		altered := proto.Clone(sealed[0]).(*commonpb.Payload)
		alter(altered)
		_, err := codec.Decode([]*commonpb.Payload{altered})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "text")
	}
}

func TestKeysOfTheWrongSizeAreRefused(t *testing.T) {
	t.Parallel()
	_, err := temporal.NewCodec(nil)
	require.Error(t, err)
	_, err = temporal.NewCodec([]temporal.PayloadKey{{ID: "short", Key: make([]byte, 16)}})
	require.EqualError(t, err, "payload codec: key short is not of 32 bytes")
}

// A failure that passes through a workflow is read and written again, on its way from an activity to whoever waits.
func TestFailuresStayEncrypted(t *testing.T) {
	t.Parallel()
	_, failures, err := temporal.Converters([]temporal.PayloadKey{newKey("k")})
	require.NoError(t, err)
	cause := sdktemporal.NewApplicationErrorWithCause("outer of Lucía", "Type", errors.New("inner of Lucía"), "detail of Lucía")
	first := failures.ErrorToFailure(cause)
	before := proto.Clone(first)
	read := failures.FailureToError(first)
	require.ErrorContains(t, read, "outer of Lucía")
	require.True(t, proto.Equal(before, first), "what was read is still encrypted")
	for _, again := range []error{read, fmt.Errorf("wrapped: %w", read)} {
		failure := failures.ErrorToFailure(again)
		require.NotContains(t, failure.String(), "Luc")
		require.ErrorContains(t, failures.FailureToError(failure), "outer of Lucía")
		require.ErrorContains(t, errors.Unwrap(failures.FailureToError(failure)), "inner of Lucía")
	}
	require.NoError(t, failures.FailureToError(nil))
}
