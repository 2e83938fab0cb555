package abi

//go:generate go test -run TestDocsAreUpToDate -update .

// Scope is what a limit bounds.
type Scope string

// The scopes.
const (
	ScopeModule   Scope = "module"   // a module, checked when it is uploaded
	ScopeManifest Scope = "manifest" // what a module says of itself, checked at the same time
	ScopeRun      Scope = "run"      // one run of an export
)

// Limit explains one limit.
type Limit struct {
	Name    string // stable: the field of a grant's limits, and the label of metrics
	Code    string // what exceeding it gives
	Unit    string // "bytes", "ms", "instructions", or "" for a count
	Default int64
	Max     int64 // how far an operator may raise it; Default when nobody may
	Scope   Scope
	Text    Text // a sentence, in English ("en") and Chinese ("zh-CN")
	Raise   bool // an operator may lower and raise it for a plugin version
}

// Limits explains every limit, in the order in which people read about them:
// those of a run that can be changed, those of a run that cannot, those of a
// manifest, those of a module. Names are unique. The slice is the caller's.
func Limits() []Limit {
	all := changeable()
	all = append(all, fixed()...)
	all = append(all, manifestLimits()...)
	return append(all, moduleLimits()...)
}

func changeable() []Limit {
	limit := func(name, code, unit string, usual, most int64, en, zh string) Limit {
		return Limit{name, code, unit, usual, most, ScopeRun, Text{"en": en, "zh-CN": zh}, true}
	}
	return []Limit{
		limit("fuel", CodeFuel, "instructions", DefaultFuel, MaxFuel,
			"The instructions that a run executes; copying and filling memory counts one for each 8 bytes.",
			"一次运行所执行的指令数；复制和填充内存时每 8 字节计一条。"),
		limit("depth", CodeDepth, "", DefaultDepth, MaxDepth,
			"How deep function calls nest; a large function counts for several.",
			"函数调用的嵌套深度；大函数按多层计算。"),
		limit("memory_bytes", CodeMemory, "bytes", DefaultMemory, MaxMemory,
			"The linear memory of a run, including what the module starts with.",
			"一次运行的线性内存，包括模块启动时已有的部分。"),
		limit("timeout_ms", CodeDeadline, "ms", MaxTimeout.Milliseconds(), MaxTimeout.Milliseconds(),
			"The time by the wall clock, waiting for backends included; an action has 10 seconds, or what it declares, when that is less.",
			"实际经过的时间，包括等待后端的时间；动作的时限为 10 秒或其声明值，以较小者为准。"),
		limit("output_bytes", CodeOutputTooBig, "bytes", DefaultOutput, MaxOutput,
			"The result envelope that a call hands over.",
			"一次调用交出的结果信封的大小。"),
		limit("log_bytes", CodeLogTooBig, "bytes", DefaultLog, MaxLog,
			"What a run logs, standard output and error included; the rest is cut and the run goes on.",
			"一次运行写入的日志，包括标准输出和标准错误；超出部分被截断，运行继续。"),
		limit("host_calls", CodeHostCalls, "", DefaultHostCalls, MaxHostCalls,
			"The capability requests of a call: HTTP, ledger and key-value together.",
			"一次调用的能力请求数：HTTP、积分账本与键值存储合计。"),
		limit("json_depth", CodeJSONTooDeep, "", DefaultJSONDepth, MaxJSONDepth,
			"How deep arrays and objects nest in the result envelope and in requests; in all other JSON it is the default.",
			"结果信封和能力请求中数组和对象的嵌套深度；其他 JSON 一律采用默认值。"),
	}
}

func fixed() []Limit {
	limit := func(name, code, unit string, most int64, en, zh string) Limit {
		return Limit{name, code, unit, most, most, ScopeRun, Text{"en": en, "zh-CN": zh}, false}
	}
	return []Limit{
		limit("input", CodeBadInput, "bytes", MaxInput,
			"The call envelope: input, configuration and all else together.", "调用信封的大小：输入、配置及其他内容合计。"),
		limit("import_calls", CodeHostCalls, "", MaxImportCalls,
			"The calls of all functions of qidong_v1 together.", "对 qidong_v1 全部函数的调用次数合计。"),
		limit("describe_time", CodeDeadline, "ms", DescribeTimeout.Milliseconds(),
			"The time of _initialize and qidong_describe together.", "_initialize 与 qidong_describe 合计的时间。"),
		limit("request", CodeOutputTooBig, "bytes", MaxRequest,
			"One capability request.", "单个能力请求的大小。"),
		limit("http_body", CodeBodyTooLarge, "bytes", MaxBody,
			"The body of an HTTP answer, after decompression.", "HTTP 响应正文解压后的大小。"),
		limit("http_header", CodeBodyTooLarge, "bytes", MaxHeader,
			"The headers of an HTTP answer; a request with more is a BAD_REQUEST.", "HTTP 响应头的大小；请求头超出时为 BAD_REQUEST。"),
		limit("http_headers", CodeBadRequest, "", MaxHeaders,
			"The headers of an HTTP request.", "HTTP 请求头的个数。"),
		limit("http_redirects", CodeBadRequest, "", MaxRedirects,
			"The redirects that are followed for a GET or HEAD request.", "GET 或 HEAD 请求可跟随的重定向次数。"),
		limit("kv_key", CodeKVQuota, "bytes", MaxKVKey,
			"A key of the key-value store.", "键值存储中键的长度。"),
		limit("kv_value", CodeKVQuota, "bytes", MaxKVValue,
			"A value of the key-value store, as JSON.", "键值存储中值的大小（JSON 形式）。"),
		limit("kv_keys", CodeKVQuota, "", MaxKVKeys,
			"The keys that a plugin has in one workspace, over all its versions.", "插件各版本在一个工作区中的键的总数。"),
		limit("kv_total", CodeKVQuota, "bytes", MaxKVTotal,
			"The keys and values that a plugin has in one workspace together.", "插件在一个工作区中全部键和值的大小合计。"),
	}
}

func manifestLimits() []Limit {
	limit := func(name, unit string, most int64, en, zh string) Limit {
		return Limit{name, CodeBadManifest, unit, most, most, ScopeManifest, Text{"en": en, "zh-CN": zh}, false}
	}
	size := limit("manifest", "bytes", MaxManifest, "The manifest.", "清单的大小。")
	size.Code = CodeOutputTooBig
	return []Limit{
		size,
		limit("actions", "", MaxActions, "The actions of a plugin.", "插件的动作数。"),
		limit("examples", "", MaxExamples, "The examples of an action.", "一个动作的示例数。"),
		limit("schema", "bytes", MaxSchema, "One JSON Schema.", "单个 JSON Schema 的大小。"),
		limit("text", "bytes", MaxText, "A title, a description or a reason, in one language.", "一种语言的标题、说明或理由的长度。"),
		limit("needs", "", MaxNeeds, "The needs of one kind.", "同一类需求的个数。"),
	}
}
