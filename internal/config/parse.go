package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions below never put the value into an error when it may carry a password.

func setEnvironment(c *Config, value string) error {
	switch env := Environment(strings.ToLower(value)); env {
	case Development, Test, Staging, Production:
		c.Environment = env
		return nil
	default:
		// Nothing else may be judged leniently because of a typing mistake here.
		c.Environment = Production
		return fmt.Errorf("%q is not development, test, staging or production", value)
	}
}

func secretURL(into *Secret, value string, schemes ...string) error {
	parsed, err := url.Parse(value)
	if err != nil || !slices.Contains(schemes, parsed.Scheme) {
		return fmt.Errorf("must be a URL that starts with %s://", strings.Join(schemes, ":// or "))
	}
	if parsed.Host == "" && parsed.Query().Get("host") == "" {
		return errors.New("names no host")
	}
	*into = NewSecret(value)
	return nil
}

func httpURL(into **url.URL, value string) error {
	parsed, err := url.Parse(strings.TrimRight(value, "/"))
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return errors.New("must be an address that starts with http:// or https://")
	}
	if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return errors.New("must not carry a user, a query or a fragment")
	}
	*into = parsed
	return nil
}

func hostPort(into *string, value string) error {
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%q is not host:port", value)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || (host == "" && n == 0) {
		return fmt.Errorf("%q has no valid port", value)
	}
	*into = value
	return nil
}

func address(into *string, value string) error {
	if _, err := netip.ParseAddr(value); err != nil {
		return fmt.Errorf("%q is not an IP address", value)
	}
	*into = value
	return nil
}

func integer(into *int, value string, low, high int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return fmt.Errorf("%q is not a whole number from %d to %d", value, low, high)
	}
	*into = n
	return nil
}

func fraction(into *float64, value string) error {
	n, err := strconv.ParseFloat(value, 64)
	// The negated form refuses NaN too.
	if err != nil || !(n >= 0 && n <= 1) {
		return fmt.Errorf("%q is not a number from 0 to 1", value)
	}
	*into = n
	return nil
}

func oneOf(into *string, value string, allowed ...string) error {
	if !slices.Contains(allowed, value) {
		return fmt.Errorf("%q is not one of %s", value, strings.Join(allowed, ", "))
	}
	*into = value
	return nil
}

// templates reads "ours=name/language,ours=name"; the language may be left out.
func templates(into *map[string]Template, value string) error {
	read := map[string]Template{}
	for _, part := range split(value) {
		ours, theirs, found := strings.Cut(part, "=")
		name, language, _ := strings.Cut(theirs, "/")
		if !found || ours == "" || name == "" {
			return fmt.Errorf("%q is not ours=name/language", part)
		}
		read[ours] = Template{Name: name, Language: language}
	}
	*into = read
	return nil
}

func positive(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is not a positive whole number", value)
	}
	return n, nil
}

func duration(into *time.Duration, value string, low, high time.Duration) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < low || d > high {
		return fmt.Errorf("%q is not a duration from %s to %s such as 90s, 30m or 72h", value, low, high)
	}
	*into = d
	return nil
}

func boolean(into *bool, value string) error {
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on":
		*into = true
	case "0", "false", "no", "off":
		*into = false
	default:
		return fmt.Errorf("%q is not true or false", value)
	}
	return nil
}

func secrets(into *[]Secret, value string) error {
	for _, part := range split(value) {
		*into = append(*into, NewSecret(part))
	}
	if len(*into) == 0 {
		return errors.New("lists no secret")
	}
	return nil
}

func origins(into *[]string, value string) error {
	for _, part := range split(value) {
		parsed, err := url.Parse(part)
		if part != "*" && (err != nil || parsed.Scheme == "" || parsed.Host == "" || strings.TrimRight(parsed.Path, "/") != "") {
			return fmt.Errorf("%q is not an origin such as https://panel.example.org", part)
		}
		*into = append(*into, strings.TrimRight(part, "/"))
	}
	return nil
}

// origin reads one origin in the form browsers send it.
func origin(into *string, value string) error {
	var parsed *url.URL
	if err := httpURL(&parsed, value); err != nil {
		return err
	}
	if parsed.Path != "" {
		return fmt.Errorf("%q is not an origin such as https://temporal.example.org", value)
	}
	*into = strings.ToLower(parsed.String())
	return nil
}

func prefix(value string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(value); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	parsed, err := netip.ParsePrefix(value)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a CIDR such as 10.0.0.0/8", value)
	}
	return parsed.Masked(), nil
}

func sha256Hex(into *string, value string) error {
	raw, err := hex.DecodeString(value)
	if err != nil || len(raw) != 32 {
		return errors.New("must be 64 hexadecimal digits")
	}
	*into = strings.ToLower(value)
	return nil
}

var (
	graphVersionForm = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)
	digitsForm       = regexp.MustCompile(`^[0-9]{1,30}$`)
	phoneForm        = regexp.MustCompile(`^[0-9]{8,15}$`)
	phoneOrnaments   = strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "")
)

func graphVersion(into *string, value string) error {
	if !graphVersionForm.MatchString(value) {
		return fmt.Errorf("%q is not a version such as v24.0", value)
	}
	*into = value
	return nil
}

func digits(into *string, value string) error {
	if !digitsForm.MatchString(value) {
		return errors.New("must be digits only (the id of the number, not the number)")
	}
	*into = value
	return nil
}

func phone(into *string, value string) error {
	bare := phoneOrnaments.Replace(value)
	if !phoneForm.MatchString(bare) {
		return errors.New("must be a phone in international form such as +54 9 11 5555 0000")
	}
	*into = bare
	return nil
}

func email(into *string, value string) error {
	if _, err := mail.ParseAddress(value); err != nil {
		return errors.New("must be an e-mail address")
	}
	*into = value
	return nil
}
