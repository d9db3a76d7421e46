/* NVML's calls that start it, find devices, and tell what they are. */
#include "fake_nvml.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

static Status copy_text(char *target, unsigned size, const char *source) {
    if (strlen(source) + 1 > size) return INSUFFICIENT_SIZE;
    strcpy(target, source);
    return SUCCESS;
}

/* ---- the library itself ---- */

API nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    Status status = SUCCESS;
    pthread_mutex_lock(&starting);
    if (!script.users && !read_script()) status = UNKNOWN;
    if (!status) status = fault_at(-1, "nvmlInitWithFlags");
    if (!status) script.users++;
    pthread_mutex_unlock(&starting);
    return status;
}

API nvmlInit_v2(void) { return nvmlInitWithFlags(0); }

API nvmlShutdown(void) {
    pthread_mutex_lock(&starting);
    Status status = script.users ? SUCCESS : UNINITIALIZED;
    script.users -= script.users > 0;
    if (!script.users) memset(&script, 0, sizeof script);
    pthread_mutex_unlock(&starting);
    return status;
}

__attribute__((visibility("default"))) const char *nvmlErrorString(Status status) { /* pynvml has texts for all that it knows */
    (void)status;
    return "an error of the fake NVML";
}

API nvmlSystemGetDriverVersion(char *target, unsigned size) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    return status ? status : copy_text(target, size, script.driver);
}

API nvmlSystemGetCudaDriverVersion_v2(int *version) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    *version = 13000;
    return status;
}

/* ---- finding devices ---- */

API nvmlDeviceGetCount_v2(unsigned *count) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    *count = (unsigned)script.gpu_count;
    return status;
}

API nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
    if (!script.users) return UNINITIALIZED;
    if (index >= (unsigned)script.gpu_count) return INVALID_ARGUMENT;
    *device = &script.devices[index];
    return fault_at((int)index, __func__);
}

API nvmlDeviceGetHandleByUUID(const char *uuid, Device **device) {
    if (!script.users) return UNINITIALIZED;
    for (int i = 0; i < script.device_count; i++)
        if (!strcmp(script.devices[i].uuid, uuid)) {
            *device = &script.devices[i];
            return fault_at(i, __func__);
        }
    return NOT_FOUND;
}

API nvmlDeviceGetUUID(Device *device, char *target, unsigned size) {
    BEGIN(device);
    return copy_text(target, size, device->uuid);
}

API nvmlDeviceGetName(Device *device, char *target, unsigned size) {
    BEGIN(device);
    return copy_text(target, size, device->name);
}

API nvmlDeviceGetIndex(Device *device, unsigned *index) {
    BEGIN(device);
    *index = (unsigned)device->number;
    return device->parent == NO_INSTANCE ? SUCCESS : NOT_SUPPORTED;
}

API nvmlDeviceGetArchitecture(Device *device, unsigned *architecture) {
    BEGIN(device);
    *architecture = (unsigned)figure(device, "architecture", &status);
    return status;
}

API nvmlDeviceGetCudaComputeCapability(Device *device, int *major, int *minor) {
    BEGIN(device);
    *major = (int)figure(device, "capability_major", &status);
    *minor = (int)figure(device, "capability_minor", &status);
    return status;
}

/* ---- MIG ---- */

API nvmlDeviceGetMigMode(Device *device, unsigned *current, unsigned *pending) {
    BEGIN(device);
    *current = *pending = (unsigned)figure(device, "mig", &status);
    return status;
}

static Device *instance_of(const Device *gpu, unsigned index) {
    for (int i = 0; i < script.device_count; i++)
        if (script.devices[i].parent == gpu->number && index-- == 0) return &script.devices[i];
    return NULL;
}

API nvmlDeviceGetMaxMigDeviceCount(Device *device, unsigned *count) {
    BEGIN(device);
    for (*count = 0; instance_of(device, *count);) ++*count;
    return SUCCESS;
}

API nvmlDeviceGetMigDeviceHandleByIndex(Device *device, unsigned index, Device **instance) {
    BEGIN(device);
    *instance = instance_of(device, index);
    return *instance ? SUCCESS : NOT_FOUND;
}

API nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Device *instance, Device **device) {
    BEGIN(instance);
    if (instance->parent == NO_INSTANCE) return INVALID_ARGUMENT;
    *device = &script.devices[instance->parent];
    return SUCCESS;
}

API nvmlDeviceIsMigDeviceHandle(Device *device, unsigned *is_instance) {
    BEGIN(device);
    *is_instance = device->parent != NO_INSTANCE;
    return SUCCESS;
}
