// The functions of the host, as plugins/ABI.md has them (ABI-1.3).
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IMPORT(function) __attribute__((import_module("qidong_v1"), import_name(function)))
#define EXPORT(function) __attribute__((export_name(function)))

enum { LOG_INFO = 0, LOG_ERROR = 1 };

// What was asked for is copied to where, at most room bytes of it. The result
// is the size of the whole: ask with no room first.
IMPORT("input") size_t host_input(void *where, size_t room);
IMPORT("result") size_t host_result(void *where, size_t room);

// The host copies what it is given at once.
IMPORT("output") void host_output(const void *data, size_t size);
IMPORT("log") void host_log(int32_t level, const void *data, size_t size);
IMPORT("request") size_t host_request(const void *data, size_t size);
