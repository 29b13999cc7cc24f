// Package refusal lists what REST APIs answer by themselves: what is refused, and
// what went wrong on the way (user guide, page supported-gateway-response-types).
package refusal

// Kind is a kind of answer that API Gateway gives by itself: its status, the text of
// $context.error.message and the error's name in x-amzn-ErrorType (page
// supported-gateway-response-types).
type Kind struct {
	Status  int
	Message string
	Type    string
}

// Kinds are these answers, by their type of gateway response.
var Kinds = map[string]Kind{
	"ACCESS_DENIED":                  {403, "User is not authorized to access this resource", "AccessDeniedException"},
	"API_CONFIGURATION_ERROR":        {500, "Internal server error", "InternalServerErrorException"},
	"AUTHORIZER_CONFIGURATION_ERROR": {500, "Internal server error", "InternalServerErrorException"},
	"AUTHORIZER_FAILURE":             {500, "Internal server error", "InternalServerErrorException"},
	"BAD_REQUEST_BODY":               {400, "Invalid request body", "BadRequestException"},
	"BAD_REQUEST_PARAMETERS":         {400, "Invalid request parameters", "BadRequestException"},
	"EXPIRED_TOKEN":                  {403, "The security token included in the request is expired", "ExpiredTokenException"},
	"INTEGRATION_FAILURE":            {504, "Internal server error", "InternalServerErrorException"},
	"INTEGRATION_TIMEOUT":            {504, "Endpoint request timed out", "InternalServerErrorException"},
	"INVALID_API_KEY":                {403, "Forbidden", "ForbiddenException"},
	"INVALID_SIGNATURE":              {403, "The request signature we calculated does not match the signature you provided.", "InvalidSignatureException"},
	"MISSING_AUTHENTICATION_TOKEN":   {403, "Missing Authentication Token", "MissingAuthenticationTokenException"},
	"QUOTA_EXCEEDED":                 {429, "Limit Exceeded", "LimitExceededException"},
	"REQUEST_TOO_LARGE":              {413, "Request Too Long", "RequestTooLongException"},
	"RESOURCE_NOT_FOUND":             {404, "Not found", "NotFoundException"},
	"THROTTLED":                      {429, "Too Many Requests", "TooManyRequestsException"},
	"UNAUTHORIZED":                   {401, "Unauthorized", "UnauthorizedException"},
	"UNSUPPORTED_MEDIA_TYPE":         {415, "Unsupported Media Type", "BadRequestException"},
	"WAF_FILTERED":                   {403, "Forbidden", "ForbiddenException"},
	"DEFAULT_4XX":                    {},
	"DEFAULT_5XX":                    {},
}
