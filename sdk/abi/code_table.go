package abi

// Audience is who meets a code.
type Audience string

// The audiences.
const (
	Uploader Audience = "uploader" // whoever uploads a module, or checks one
	Caller   Audience = "caller"   // the journey that called, and who reads its log
	Guest    Audience = "guest"    // the plugin, in the answer to a capability request
	Operator Audience = "operator" // who runs the host, in metrics, alerts and replays
)

// CodeInfo explains one code of the host.
type CodeInfo struct {
	Code string // also the label of metrics
	Text Text   // a sentence, in English ("en") and Chinese ("zh-CN")
	// Retry says whether the same call may succeed when it is made again.
	Retry Retry
	Seen  []Audience // in the order above; a guest may pass on to the caller what it saw
}

// Codes explains every code of the host, in the order of a plugin's life: its
// upload, its loading, its runs, its requests. Codes are unique. The slice is
// the caller's.
func Codes() []CodeInfo {
	all := uploadCodes()
	all = append(all, loadCodes()...)
	all = append(all, runCodes()...)
	return append(all, requestCodes()...)
}

func code(code string, retry Retry, en, zh string, seen ...Audience) CodeInfo {
	return CodeInfo{code, Text{"en": en, "zh-CN": zh}, retry, seen}
}

func uploadCodes() []CodeInfo {
	upload := func(name, en, zh string) CodeInfo { return code(name, RetryNever, en, zh, Uploader) }
	return []CodeInfo{
		upload(CodeNotWasm, "The file is no WebAssembly module, or a component.", "文件不是 WebAssembly 模块，或者是组件。"),
		upload(CodeTooLarge, "The file is too large.", "文件过大。"),
		upload(CodeMalformed, "The module is damaged, or not valid.", "模块已损坏或无效。"),
		upload(CodeLimitFunctions, "The module has too many functions.", "模块的函数过多。"),
		upload(CodeLimitLocals, "A function has too many local variables.", "某个函数的局部变量过多。"),
		upload(CodeLimitParams, "A function has too many parameters or results.", "某个函数的参数或返回值过多。"),
		upload(CodeLimitBody, "A function is too large, or too complex to compile.", "某个函数过大，或过于复杂而无法编译。"),
		upload(CodeLimitNesting, "A function nests blocks too deep.", "某个函数的块嵌套过深。"),
		upload(CodeLimitTable, "The table or its segments have too many entries.", "表或其元素段的表项过多。"),
		upload(CodeLimitMemory, "The module starts with too much memory.", "模块启动时的内存过大。"),
		upload(CodeLimitCount, "The module has too many globals, exports, types, imports, segments or sections.", "模块的全局变量、导出、类型、导入、段或节过多。"),
		upload(CodeImport, "The module imports what a plugin may not.", "模块导入了插件不得使用的内容。"),
		upload(CodeExport, "The module lacks an export, or the export has another type.", "模块缺少某个导出，或导出的类型不符。"),
		upload(CodeFeature, "The module uses a feature of WebAssembly that plugins may not.", "模块使用了插件不得使用的 WebAssembly 特性。"),
		upload(CodeCompile, "The module took too long or too much memory to compile.", "编译模块耗时过长或占用内存过多。"),
		upload(CodeBadManifest, "The manifest is missing, or does not follow the contract.", "清单缺失，或不符合约定。"),
	}
}

func loadCodes() []CodeInfo {
	return []CodeInfo{
		code(CodeDigest, RetryNever, "The stored module is not the one that was accepted.", "存储的模块不是当初接受的那一个。", Caller, Operator),
		code(CodeUnavailable, RetryLater, "The module could not be loaded just now.", "模块暂时无法加载。", Caller, Operator),
		code(CodeSuspended, RetryAfter, "The plugin failed too often of late and is not called for a while.", "插件近期失败过多，暂停调用一段时间。", Caller, Operator),
		code(CodeDisabled, RetryNever, "The plugin version was disabled.", "该插件版本已被停用。", Caller, Operator),
		code(CodeBusy, RetryLater, "The call found no place to run in time.", "调用未能及时获得运行位置。", Caller, Operator),
		code(CodeUnknownAction, RetryNever, "This version of the plugin has no such action.", "该插件版本没有这个动作。", Caller),
		code(CodeBadInput, RetryNever, "Input or configuration does not match its schema, or is too large.", "输入或配置与其 Schema 不符，或者过大。", Caller),
	}
}

func runCodes() []CodeInfo {
	run := func(name string, retry Retry, en, zh string) CodeInfo {
		return code(name, retry, en, zh, Uploader, Caller, Operator)
	}
	return []CodeInfo{
		run(CodeFuel, RetryNever, "The run executed too many instructions.", "运行执行的指令过多。"),
		run(CodeDepth, RetryNever, "The run nested function calls too deep.", "运行的函数调用嵌套过深。"),
		run(CodeMemory, RetryNever, "The run needed too much memory.", "运行需要的内存过多。"),
		run(CodeDeadline, RetryLater, "The run took too long.", "运行耗时过长。"),
		run(CodeCanceled, RetryLater, "The caller gave up, or the host closes.", "调用方已放弃，或主机正在关闭。"),
		run(CodeOutputTooBig, RetryNever, "The run handed over a result, a manifest or a request that is too large.", "运行交出的结果、清单或请求过大。"),
		run(CodeLogTooBig, RetryNever, "No error but the mark where a log was cut.", "不是错误，而是日志被截断处的标记。"),
		run(CodeHostCalls, RetryNever, "The run called the host too often.", "运行调用主机的次数过多。"),
		code(CodeJSONTooDeep, RetryNever, "JSON is nested too deep.", "JSON 嵌套过深。", Uploader, Caller, Guest),
		run(CodeTrap, RetryNever, "The run crashed, or exited instead of returning.", "运行崩溃，或未返回而直接退出。"),
		run(CodeBadOutput, RetryNever, "The run gave no result envelope, or an output that does not match its schema.", "运行没有给出结果信封，或输出与其 Schema 不符。"),
		code(CodeDiverged, RetryNever, "A replay asked for something else than was recorded.", "重放时的请求与记录不一致。", Operator),
	}
}

func requestCodes() []CodeInfo {
	request := func(name string, retry Retry, en, zh string) CodeInfo {
		return code(name, retry, en, zh, Caller, Guest)
	}
	return []CodeInfo{
		code(CodeDenied, RetryNever, "The workspace has not granted this; the message says which grant is missing.", "工作区未授予此权限；消息会说明缺少哪项授权。", Uploader, Caller, Guest),
		request(CodeBadRequest, RetryNever, "The capability request is not possible.", "该能力请求无法执行。"),
		request(CodeUnreachable, RetryLater, "The backend gave no answer.", "后端没有应答。"),
		request(CodeHTTPTimeout, RetryLater, "The backend did not answer in time.", "后端未及时应答。"),
		request(CodeBodyTooLarge, RetryNever, "The backend's answer is too large.", "后端的应答过大。"),
		request(CodeLedger, RetryLater, "The points were not booked.", "积分未入账。"),
		request(CodeKV, RetryLater, "The key-value store could not be reached.", "无法访问键值存储。"),
		request(CodeKVQuota, RetryNever, "The key-value store of the plugin is full, or the key or value too large.", "插件的键值存储已满，或者键或值过大。"),
	}
}
