/* NVML's calls that give figures: readings, fields by number, and processes. */
#define _GNU_SOURCE
#include "fake_nvml.h"

#include <stdio.h>
#include <time.h>

typedef struct {
    unsigned gpu, memory;
} Utilization;

typedef struct {
    unsigned long long total, free, used;
} Memory;

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} MemoryWithReserved;

typedef struct {
    unsigned version, sensor;
    int celsius;
} Temperature;

API nvmlDeviceGetUtilizationRates(Device *device, Utilization *rates) {
    BEGIN(device);
    rates->gpu = (unsigned)figure(device, "utilization", &status);
    rates->memory = (unsigned)told(device, "memory_utilization");
    return status;
}

static Status memory(const Device *device, MemoryWithReserved *found) {
    Status status = SUCCESS;
    found->total = (unsigned long long)figure(device, "memory_total", &status);
    found->used = (unsigned long long)figure(device, "memory_used", &status);
    found->reserved = (unsigned long long)told(device, "memory_reserved");
    found->free = found->total - found->used - found->reserved;
    return status;
}

API nvmlDeviceGetMemoryInfo(Device *device, Memory *found) { /* the reserved part is used here */
    BEGIN(device);
    MemoryWithReserved parts;
    status = memory(device, &parts);
    *found = (Memory){parts.total, parts.free, parts.used + parts.reserved};
    return status;
}

API nvmlDeviceGetMemoryInfo_v2(Device *device, MemoryWithReserved *found) {
    BEGIN(device);
    return memory(device, found);
}

static int is_ga100(const Device *device) {
    return told(device, "capability_major") == 8 && told(device, "capability_minor") == 0;
}

/* From Ampere on a mean, but for GA100. */
API nvmlDeviceGetPowerUsage(Device *device, unsigned *milliwatts) {
    BEGIN(device);
    int is_mean = told(device, "architecture") >= AMPERE && !is_ga100(device);
    *milliwatts = (unsigned)(is_mean ? mean_of_last_second(device, "power", &status)
                                     : figure(device, "power", &status));
    return status;
}

API nvmlDeviceGetEnforcedPowerLimit(Device *device, unsigned *milliwatts) {
    BEGIN(device);
    *milliwatts = (unsigned)figure(device, "limit", &status);
    return status;
}

API nvmlDeviceGetTotalEnergyConsumption(Device *device, unsigned long long *millijoules) {
    BEGIN(device);
    *millijoules = (unsigned long long)figure(device, "energy", &status);
    return status;
}

API nvmlDeviceGetTemperature(Device *device, unsigned sensor, unsigned *celsius) {
    (void)sensor;
    BEGIN(device);
    *celsius = (unsigned)figure(device, "temperature", &status);
    return status;
}

API nvmlDeviceGetTemperatureV(Device *device, Temperature *found) {
    BEGIN(device);
    found->celsius = (int)figure(device, "temperature", &status);
    return status;
}

API nvmlDeviceGetClockInfo(Device *device, unsigned kind, unsigned *megahertz) {
    BEGIN(device);
    const char *which = kind == CLOCK_KIND_MEMORY ? "memory_clock" : "sm_clock";
    *megahertz = (unsigned)figure(device, which, &status);
    return status;
}

static Status throttle(Device *device, const char *function, unsigned long long *bits) {
    Status status = begin(device, function);
    if (!status) *bits = (unsigned long long)figure(device, "throttle", &status);
    return status;
}

API nvmlDeviceGetCurrentClocksEventReasons(Device *device, unsigned long long *bits) {
    return throttle(device, __func__, bits);
}

API nvmlDeviceGetCurrentClocksThrottleReasons(Device *device, unsigned long long *bits) {
    return throttle(device, __func__, bits);
}

API nvmlDeviceGetPcieThroughput(Device *device, unsigned received, unsigned *kilobytes) {
    BEGIN(device);
    *kilobytes = (unsigned)figure(device, received ? "pcie_received" : "pcie_sent", &status);
    return status;
}

/* ---- fields: any figure by its number, each with a status of its own ---- */

typedef struct {
    unsigned number, scope;
    long long unix_us, latency_us;
    unsigned type;
    Status status;
    union {
        unsigned small;
        unsigned long long large;
        double real;
    } value;
} Field;

static void fill(const Device *device, Field *field) {
    char name[WORD];
    snprintf(name, sizeof name, "field:%u", field->number);
    field->status = fault_at(device->number, name);
    field->type = UNSIGNED_INT;
    if (field->status) return;
    const char *power = field->scope == SCOPE_GPU      ? "power"
                        : field->scope == SCOPE_MODULE ? "module_power"
                                                       : "power_of_no_known_scope";
    if (field->number == FIELD_POWER_INSTANT) {
        field->value.small = (unsigned)figure(device, power, &field->status);
    } else if (field->number == FIELD_POWER_AVERAGE) {
        field->value.small = (unsigned)mean_of_last_second(device, power, &field->status);
    } else if (field->number == FIELD_ENERGY && field->scope == SCOPE_GPU) {
        field->type = UNSIGNED_LONG_LONG;
        field->value.large = (unsigned long long)figure(device, "energy", &field->status);
    } else {
        field->status = NOT_SUPPORTED;
    }
}

API nvmlDeviceGetFieldValues(Device *device, int count, Field *fields) {
    BEGIN(device);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < count; i++) {
        fields[i].unix_us = now.tv_sec * 1000000ll + now.tv_nsec / 1000;
        fill(device, &fields[i]);
    }
    return SUCCESS;
}

/* ---- processes ---- */

typedef struct {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
} Process;

/* Called twice: without room first, which tells how much is needed. */
API nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned *count, Process *found) {
    BEGIN(device);
    unsigned room = found ? *count : 0;
    double time_s = now_s();
    *count = 0;
    for (int i = 0; i < script.holder_count; i++) {
        const Holder *holder = &script.holders[i];
        if (holder->device != device->number) continue;
        if (time_s < holder->begin_s || time_s >= holder->end_s) continue;
        if (*count < room)
            found[*count] =
                (Process){holder->pid, (unsigned long long)holder->bytes, ~0u, ~0u};
        ++*count;
    }
    return *count > room ? INSUFFICIENT_SIZE : SUCCESS;
}

API nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, unsigned *count, Process *found) {
    (void)found;
    BEGIN(device);
    *count = 0;
    return SUCCESS;
}
