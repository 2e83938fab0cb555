package abi

func moduleLimits() []Limit {
	limit := func(name, code, unit string, most int64, en, zh string) Limit {
		return Limit{name, code, unit, most, most, ScopeModule, Text{"en": en, "zh-CN": zh}, false}
	}
	return []Limit{
		limit("module", CodeTooLarge, "bytes", MaxModule,
			"The file of a module.", "模块文件的大小。"),
		limit("functions", CodeLimitFunctions, "", MaxFunctions,
			"The functions that a module defines.", "模块定义的函数数。"),
		limit("locals", CodeLimitLocals, "", MaxLocals,
			"The local variables of a function, parameters not counted.", "一个函数的局部变量数，不含参数。"),
		limit("params", CodeLimitParams, "", MaxParams,
			"The parameters of a function.", "一个函数的参数数。"),
		limit("results", CodeLimitParams, "", MaxResults,
			"The results of a function.", "一个函数的返回值数。"),
		limit("body", CodeLimitBody, "bytes", MaxFunctionBody,
			"The code of a function.", "一个函数的代码大小。"),
		limit("block_locals", CodeLimitBody, "", MaxBlockLocals,
			"Local variables and parameters × blocks of a function, which compiling time grows with.", "一个函数的局部变量与参数数 × 块数，编译时间随之增长。"),
		limit("branches", CodeLimitBody, "", MaxBranches,
			"The entries of one br_table.", "单个 br_table 的表项数。"),
		limit("branch_sum", CodeLimitBody, "", MaxBranchSum,
			"The entries of all br_table instructions of a function.", "一个函数中全部 br_table 的表项数。"),
		limit("nesting", CodeLimitNesting, "", MaxNesting,
			"How deep blocks nest in a function.", "一个函数中块的嵌套深度。"),
		limit("table", CodeLimitTable, "", MaxTable,
			"The entries that the table starts with, and those of all element segments.", "表的初始表项数，以及全部元素段的表项数。"),
		limit("memory_start", CodeLimitMemory, "bytes", DefaultMemory,
			"The memory that a module starts with.", "模块启动时的内存大小。"),
		limit("types", CodeLimitCount, "", MaxTypes,
			"The function types of a module.", "模块的函数类型数。"),
		limit("imports", CodeLimitCount, "", MaxImports,
			"The imports of a module.", "模块的导入数。"),
		limit("globals", CodeLimitCount, "", MaxGlobals,
			"The global variables of a module.", "模块的全局变量数。"),
		limit("exports", CodeLimitCount, "", MaxExports,
			"The exports of a module.", "模块的导出数。"),
		limit("elements", CodeLimitCount, "", MaxElements,
			"The element segments of a module.", "模块的元素段数。"),
		limit("data_segments", CodeLimitCount, "", MaxDataSegments,
			"The data segments of a module.", "模块的数据段数。"),
		limit("custom_sections", CodeLimitCount, "", MaxCustom,
			"The custom sections of a module.", "模块的自定义段数。"),
	}
}
