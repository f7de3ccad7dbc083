package mercadopago

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cabanas/sandbox/control"
)

// faults is what is switched on.
type faults struct {
	fail                 control.FailNext
	failed               int // calls failed so far of fail, to cycle through its statuses
	failures             []failure
	timeoutNext, cutNext int
	outage, outageReset  bool
	perSecond            int
	second               time.Time // the second that is counted
	inSecond             int
	signWith             string
	unsigned             bool
	legacyTwins          string
	milliseconds         bool
	timestampAge         time.Duration
	repeatAfter          time.Duration
	searchLag            time.Duration
	notFoundGets         int
	refundsInProcess     bool
}

// failure is a rule and how often it was applied.
type failure struct {
	control.CallFailure
	applied int
}

// operations are the names of the calls.
var operations = []string{
	"create_preference", "get_preference", "change_preference", "search_preferences", "get_payment", "search_payments", "change_payment",
	"refund", "list_refunds", "get_refund", "get_chargeback", "get_merchant_order", "get_me",
}

// injected takes the next planned failure, if there is one for this call.
func (s *Server) injected(operation string) *refusal {
	if refused := s.aboveRate(); refused != nil {
		return refused
	}
	for i := range s.faults.failures {
		rule := &s.faults.failures[i]
		hit := len(rule.Operations) == 0 || slices.Contains(rule.Operations, operation)
		if !hit || rule.Count > 0 && rule.applied >= rule.Count || rule.Percent > 0 && s.o.Rand.IntN(100) >= rule.Percent {
			continue
		}
		status := http.StatusInternalServerError
		if len(rule.Statuses) > 0 {
			status = rule.Statuses[rule.applied%len(rule.Statuses)]
		}
		rule.applied++
		return planned(status, rule.Code, rule.RetryAfter)
	}
	return s.failNext()
}

func (s *Server) failNext() *refusal {
	f := &s.faults.fail
	if f.Count <= 0 {
		return nil
	}
	f.Count--
	status := f.Status
	if len(f.Statuses) > 0 {
		status = f.Statuses[s.faults.failed%len(f.Statuses)]
		s.faults.failed++
	}
	if status == 0 {
		status = http.StatusInternalServerError
	}
	return planned(status, f.Code, 0)
}

func planned(status, code, retryAfter int) *refusal {
	refused := &refusal{status: status, kind: strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_")), text: "Failure asked for by control"}
	if code != 0 {
		refused.causes = []cause{{Code: code, Description: refused.text}}
	}
	if retryAfter == 0 && status == http.StatusTooManyRequests {
		retryAfter = 1
	}
	if retryAfter > 0 {
		refused.retry = strconv.Itoa(retryAfter)
	}
	return refused
}

func (s *Server) aboveRate() *refusal {
	if s.faults.perSecond <= 0 {
		return nil
	}
	if second := s.o.Clock().Truncate(time.Second); !second.Equal(s.faults.second) {
		s.faults.second, s.faults.inSecond = second, 0
	}
	s.faults.inSecond++
	if s.faults.inSecond <= s.faults.perSecond {
		return nil
	}
	return planned(http.StatusTooManyRequests, 0, 1)
}

// taken uses up one of n.
func taken(n *int) bool {
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

func checkFaults(f control.MercadoPagoFaults) error {
	if f.LegacyTwins != nil && !slices.Contains([]string{"auto", "always", "never", "four"}, *f.LegacyTwins) {
		return fmt.Errorf("legacy_twins must be auto, always, never or four")
	}
	if f.TimestampUnit != nil && *f.TimestampUnit != "s" && *f.TimestampUnit != "ms" {
		return fmt.Errorf("timestamp_unit must be s or ms")
	}
	if f.Failures == nil {
		return nil
	}
	for _, rule := range *f.Failures {
		for _, name := range rule.Operations {
			if !slices.Contains(operations, name) {
				return fmt.Errorf("%q is not an operation", name)
			}
		}
		for _, status := range rule.Statuses {
			if status < 400 || status > 599 {
				return fmt.Errorf("%d is not the status of a failure", status)
			}
		}
		if rule.Percent < 0 || rule.Percent > 100 || rule.Count < 0 {
			return fmt.Errorf("percent is 0 to 100 and count not negative")
		}
	}
	return nil
}

func (s *Server) setFaults(f control.MercadoPagoFaults) {
	if f.FailNext != nil {
		s.faults.failed = 0
	}
	if f.Failures != nil {
		s.faults.failures = nil
		for _, rule := range *f.Failures {
			s.faults.failures = append(s.faults.failures, failure{CallFailure: rule})
		}
	}
	take(&s.faults.fail, f.FailNext)
	take(&s.faults.timeoutNext, f.TimeoutNext)
	take(&s.faults.cutNext, f.CutNext)
	take(&s.faults.outage, f.Outage)
	take(&s.faults.outageReset, f.OutageReset)
	take(&s.faults.perSecond, f.CallsPerSecond)
	take(&s.faults.signWith, f.SignWith)
	take(&s.faults.unsigned, f.Unsigned)
	take(&s.faults.legacyTwins, f.LegacyTwins)
	take(&s.faults.notFoundGets, f.NotFoundGets)
	take(&s.faults.refundsInProcess, f.RefundsInProcess)
	takeDuration(&s.faults.searchLag, f.SearchLagMS)
	takeDuration(&s.faults.timestampAge, f.TimestampAgeMS)
	takeDuration(&s.faults.repeatAfter, f.RepeatAfterMS)
	if f.TimestampUnit != nil {
		s.faults.milliseconds = *f.TimestampUnit == "ms"
	}
	s.queue.SetFaults(f.DeliveryFaults)
}

func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func takeDuration(to *time.Duration, milliseconds *int) {
	if milliseconds != nil {
		*to = time.Duration(max(0, *milliseconds)) * time.Millisecond
	}
}
