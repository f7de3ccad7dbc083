package supervisor

import "path/filepath"

// PrintBanner says where everything is. Passwords and tokens are only in dev.json.
func (r *Running) PrintBanner() {
	info := r.Info()
	rows := [][2]string{
		{"API", info.APIURL + "/api/v1"},
		{"API docs", info.APIURL + "/docs"},
		{"Phone of a guest", info.SandboxURL + "/phone"},
		{"Temporal UI", info.TemporalUIURL},
		{"Temporal", info.TemporalAddress},
		{"Codec server", r.settings.codecURL()},
		{"State and addresses", r.info.path},
		{"Logs", filepath.Join(r.settings.home, logsFolder)},
	}
	r.notef("")
	r.notef("Cabañas is running (Ctrl-C stops it)")
	for _, row := range rows {
		if row[1] == "" || (info.SandboxURL == "" && row[0] == "Phone of a guest") {
			continue
		}
		r.notef("  %-20s %s", row[0], row[1])
	}
	r.notef("")
}
