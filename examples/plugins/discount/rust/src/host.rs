//! The functions of the host, as plugins/ABI.md has them (ABI-1.3).

#[cfg(target_arch = "wasm32")]
mod import {
    #[link(wasm_import_module = "qidong_v1")]
    extern "C" {
        pub fn input(ptr: *mut u8, cap: usize) -> usize;
        pub fn output(ptr: *const u8, len: usize);
        pub fn log(level: i32, ptr: *const u8, len: usize);
        pub fn request(ptr: *const u8, len: usize) -> usize;
        pub fn result(ptr: *mut u8, cap: usize) -> usize;
    }
}

/// Natively, for unit tests, there is no host.
#[cfg(not(target_arch = "wasm32"))]
mod import {
    pub unsafe fn input(_: *mut u8, _: usize) -> usize {
        0
    }
    pub unsafe fn output(_: *const u8, _: usize) {}
    pub unsafe fn log(_: i32, _: *const u8, _: usize) {}
    pub unsafe fn request(_: *const u8, _: usize) -> usize {
        0
    }
    pub unsafe fn result(_: *mut u8, _: usize) -> usize {
        0
    }
}

pub const INFO: i32 = 0;
pub const ERROR: i32 = 1;

/// The call envelope.
pub fn input() -> Vec<u8> {
    // With no room, the answer is the size of the whole.
    let mut envelope = vec![0; unsafe { import::input(std::ptr::null_mut(), 0) }];
    unsafe { import::input(envelope.as_mut_ptr(), envelope.len()) };
    envelope
}

/// Hands over the manifest or the result envelope.
pub fn output(bytes: &[u8]) {
    unsafe { import::output(bytes.as_ptr(), bytes.len()) }
}

/// Writes a line for developers.
pub fn log(level: i32, line: &str) {
    unsafe { import::log(level, line.as_ptr(), line.len()) }
}

/// Asks for a capability, and returns the response.
pub fn request(bytes: &[u8]) -> Vec<u8> {
    let mut response = vec![0; unsafe { import::request(bytes.as_ptr(), bytes.len()) }];
    unsafe { import::result(response.as_mut_ptr(), response.len()) };
    response
}
