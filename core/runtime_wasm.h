/* runtime_wasm: the port for WebAssembly, which imports four functions of its host.
 *
 * Nothing waits in a module: ng_loop_turn and ng_loop_run do what is due, tell the host when they
 * want to be called again, and return. So a program keeps its loop in static memory and exports a
 * function that the host calls then:
 *
 *     __attribute__((export_name("turn"))) void turn(void) {
 *         (void)ng_loop_turn(&loop, NG_FOREVER);
 *     }
 *
 * wasm/runtime.mjs is such a host. A module that does not use the port imports nothing. */
#ifndef NGI_RUNTIME_WASM_H
#define NGI_RUNTIME_WASM_H

#include "graph_loop.h"

#if defined(__wasm__)

#if defined(__cplusplus)
extern "C" {
#endif

#define NGI_WASM_IMPORT(name) __attribute__((import_module("nagare"), import_name(name)))

NGI_WASM_IMPORT("now") ng_time ngi_wasm_host_now(void);
NGI_WASM_IMPORT("wall") ng_time ngi_wasm_host_wall(void);
NGI_WASM_IMPORT("random") uint64_t ngi_wasm_host_random(void);
NGI_WASM_IMPORT("schedule") void ngi_wasm_host_schedule(ng_time until);

#if defined(__cplusplus)
}
#endif

#define NGI_WASM_PORT static inline __attribute__((unused))

NGI_WASM_PORT ng_time ngi_wasm_now(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_now();
}

NGI_WASM_PORT ng_time ngi_wasm_wall(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_wall();
}

NGI_WASM_PORT uint64_t ngi_wasm_random(void *ctx) {
    (void)ctx;
    return ngi_wasm_host_random();
}

NGI_WASM_PORT ng_status ngi_wasm_wait(void *ctx, ng_time until) {
    (void)ctx;
    ngi_wasm_host_schedule(until);
    return NG_AGAIN;
}

NGI_WASM_PORT void ngi_wasm_wake(void *ctx) {
    (void)ctx;
    ngi_wasm_host_schedule(NG_NOW);
}

/* The host's port. A module has one loop on it. Any thread. */
NGI_WASM_PORT ng_port ng_wasm_port(void) {
    ng_port port;
    port.now = ngi_wasm_now;
    port.wall = ngi_wasm_wall;
    port.wait = ngi_wasm_wait;
    port.wake = ngi_wasm_wake;
    port.random = ngi_wasm_random;
    port.watch = NULL;
    port.unwatch = NULL;
    port.read = NULL;
    port.write = NULL;
    port.start_thread = NULL;
    port.join_thread = NULL;
    port.ctx = NULL;
    return port;
}

/* What is there without being named: here this port. */
typedef struct ng_platform {
    char unused;
} ng_platform;

NG_NODISCARD NGI_WASM_PORT ng_status ng_default_port(ng_port *port, ng_platform *platform) {
    if (port == NULL || platform == NULL) {
        return NG_INVALID;
    }
    *port = ng_wasm_port();
    return NG_OK;
}

/* A graph's clock without a loop: the host's. */
NGI_WASM_PORT ng_clock ng_default_clock(void) {
    ng_clock clock = {ngi_wasm_now, NULL};
    return clock;
}

NGI_WASM_PORT void ng_default_close(ng_platform *platform) { (void)platform; }

#endif

#endif
