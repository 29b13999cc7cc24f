package apidestination

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/delivery"
)

// callFailed begins the messages of calls that failed, in EventBridge's words.
const callFailed = "Unable to invoke ApiDestination endpoint: "

// judge tells what an answer means: 409, 429 and 5xx may pass (user guide, page
// eb-api-destinations).
func judge(response *http.Response, now time.Time) delivery.Result {
	result := delivery.Result{Status: response.StatusCode}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return result
	case code == http.StatusTooManyRequests:
		result.Kind, result.Code = delivery.Throttled, "THROTTLING"
	case code == http.StatusConflict || code >= 500:
		result.Kind, result.Code = delivery.Retryable, "SDK_CLIENT_ERROR"
	default:
		result.Kind, result.Code = delivery.Permanent, "SDK_CLIENT_ERROR"
	}
	result.Message = fmt.Sprintf("%sAPI destination returned HTTP status %d.", callFailed, response.StatusCode)
	result.RetryAfter = retryAfter(response.Header.Get("Retry-After"), now)
	return result
}

// longestWait bounds what is read of Retry-After, in seconds: no event gets older.
const longestWait = 7 * 24 * 60 * 60

// retryAfter reads the header, seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return time.Duration(min(max(n, 0), longestWait)) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// failed is a call that got no answer.
func failed(ctx context.Context, err error) delivery.Result {
	switch {
	case errors.Is(err, errRefusedAddress):
		return permanent("NO_PERMISSIONS", "%s%s; loopback, link-local and metadata addresses are refused.", callFailed, errRefusedAddress)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return delivery.Result{Kind: delivery.Retryable, Code: "TIMEOUT", Message: fmt.Sprintf("%sTimeout calling endpoint for API Destination: no answer within %v.", callFailed, callTimeout)}
	}
	var refusal *tokenError
	if errors.As(err, &refusal) {
		return delivery.Result{Kind: delivery.Retryable, Code: "CONNECTION_FAILURE", Message: fmt.Sprintf("%s%s.", callFailed, err), Status: refusal.status}
	}
	var opErr *url.Error
	if errors.As(err, &opErr) {
		err = opErr.Err // the URL may hold secrets of the connection
	}
	return delivery.Result{
		Kind: delivery.Retryable, Code: "SDK_CLIENT_ERROR", Message: fmt.Sprintf("%sAPI destination endpoint cannot be reached. Reason: %s.", callFailed, err),
	}
}

func permanent(code, format string, args ...any) delivery.Result {
	return delivery.Result{Kind: delivery.Permanent, Code: code, Message: fmt.Sprintf(format, args...)}
}
