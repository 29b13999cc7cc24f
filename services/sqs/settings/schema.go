package settings

import (
	"maps"
	"slices"

	"github.com/signalbox/signalbox/services/sqs/message"
)

// Names of the attributes (API reference, page SetQueueAttributes).
const (
	delaySeconds                  = "DelaySeconds"
	maximumMessageSize            = "MaximumMessageSize"
	messageRetentionPeriod        = "MessageRetentionPeriod"
	receiveMessageWaitTimeSeconds = "ReceiveMessageWaitTimeSeconds"
	visibilityTimeout             = "VisibilityTimeout"
	fifoQueue                     = "FifoQueue"
	contentBasedDeduplication     = "ContentBasedDeduplication"
	deduplicationScope            = "DeduplicationScope"
	fifoThroughputLimit           = "FifoThroughputLimit"
	policy                        = "Policy"
	redrivePolicy                 = "RedrivePolicy"
	redriveAllowPolicy            = "RedriveAllowPolicy"
	sqsManagedSseEnabled          = "SqsManagedSseEnabled"
	kmsMasterKeyId                = "KmsMasterKeyId"
	kmsDataKeyReusePeriodSeconds  = "KmsDataKeyReusePeriodSeconds"
)

// MaxVisibility is the longest a message can be in flight from one receive, in
// seconds.
const MaxVisibility = 43200

// number is an attribute that is a whole number.
type number struct{ min, max, normal int64 }

// numbers are the numeric attributes with the bounds and defaults of the API
// reference's page CreateQueue. Times are in seconds, sizes in bytes.
var numbers = map[string]number{
	delaySeconds:                  {0, 900, 0},
	maximumMessageSize:            {1024, message.MaxSize, message.MaxSize},
	messageRetentionPeriod:        {60, 1209600, 345600},
	receiveMessageWaitTimeSeconds: {0, 20, 0},
	visibilityTimeout:             {0, MaxVisibility, 30},
	kmsDataKeyReusePeriodSeconds:  {60, 86400, 300},
}

// words are the attributes that are one of a few words, for FIFO queues alone;
// the first is the default.
var words = map[string][]string{
	contentBasedDeduplication: {"false", "true"},
	deduplicationScope:        {"queue", "messageGroup"},
	fifoThroughputLimit:       {"perQueue", "perMessageGroupId"},
}

// texts are the attributes that an empty value removes.
var texts = []string{
	policy,
	redrivePolicy,
	redriveAllowPolicy,
	kmsMasterKeyId,
}

// Names are all attributes that can be set, sorted.
var Names = slices.Sorted(slices.Values(slices.Concat(
	slices.Collect(maps.Keys(numbers)), slices.Collect(maps.Keys(words)), texts, []string{sqsManagedSseEnabled, fifoQueue},
)))
