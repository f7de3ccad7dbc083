package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProbeTellsHowAServerIs(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.Error(w, "the database is away", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	require.NoError(t, runProbe(t.Context(), []string{server.URL + "/readyz"}))
	require.ErrorContains(t, runProbe(t.Context(), []string{server.URL + "/other"}), "503 Service Unavailable: the database is away")
	require.ErrorContains(t, runProbe(t.Context(), nil), "one URL")
	server.Close()
	require.ErrorContains(t, runProbe(t.Context(), []string{server.URL + "/readyz"}), "refused")
}
