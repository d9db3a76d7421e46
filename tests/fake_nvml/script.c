/* Reads the script that the GPUs of this libnvidia-ml.so.1 play, on machines without a GPU.
 *
 * The file named by FAKE_NVML_SCRIPT is read when the library is initialised; script.py writes it.
 * A line is a keyword and its words. DEVICE is a number, GPUs from 0 on first and MIG instances
 * after them, or * for all; FUNCTION is a name of NVML or *; all times are in seconds from ORIGIN.
 *
 *   origin NANOSECONDS                    the script's time 0, on CLOCK_MONOTONIC; of 0 the moment
 *                                         at which the library is initialised
 *   gpus COUNT
 *   driver VERSION
 *   text DEVICE uuid|name WORDS
 *   instance DEVICE PARENT                a MIG instance of a GPU
 *   constant DEVICE FIGURE HOLD VALUE
 *   ramp     DEVICE FIGURE HOLD FIRST LAST BEGIN END
 *   square   DEVICE FIGURE HOLD LOW HIGH PERIOD HIGH_FOR
 *   counter  DEVICE energy HOLD VALUE     VALUE and the integral of the power since ORIGIN
 *   process  DEVICE PID BYTES BEGIN END   BYTES of -1: the driver does not tell
 *   fail     DEVICE FUNCTION CODE BEGIN END
 *   fail     DEVICE field:NUMBER CODE BEGIN END
 *
 * A figure is the last value of its signal at a multiple of HOLD, which is how a sensor with that
 * period shows it; 0 shows every moment. What the script has no signal for is not supported. The
 * figure `delay` is how many ms each call on the device takes.
 * Units are those of NVML: %, bytes, mW, mJ, degrees Celsius, MHz, KB/s.
 */
#include "fake_nvml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Script script;

static int device_number(const char *word) { return strcmp(word, "*") ? atoi(word) : -1; }

static Device *device_of(const char *word) {
    int number = device_number(word);
    if (number < 0 || number >= MOST_DEVICES) return NULL;
    while (script.device_count <= number) {
        Device *made = &script.devices[script.device_count];
        made->number = script.device_count++;
        made->parent = NO_INSTANCE;
    }
    return &script.devices[number];
}

static int take_text(const char *device, const char *what, const char *words) {
    Device *found = device_of(device);
    if (!found) return 0;
    snprintf(strcmp(what, "uuid") ? found->name : found->uuid, WORD, "%s", words);
    return 1;
}

static int take_signal(Shape shape, int values, const char *rest) {
    Signal *made = &script.signals[script.signal_count];
    char device[WORD];
    int read = sscanf(rest, "%95s %95s %lf %lf %lf %lf %lf", device, made->figure, &made->hold_s,
                      &made->of[0], &made->of[1], &made->of[2], &made->of[3]);
    if (read != 3 + values || script.signal_count + 1 == MOST_SIGNALS) return 0;
    made->shape = shape;
    made->device = device_number(device);
    script.signal_count++;
    return 1;
}

static int take_fault(const char *rest) {
    Fault *made = &script.faults[script.fault_count];
    char device[WORD];
    if (sscanf(rest, "%95s %95s %d %lf %lf", device, made->function, &made->code, &made->begin_s,
               &made->end_s) != 5 || script.fault_count + 1 == MOST_FAULTS)
        return 0;
    made->device = device_number(device);
    script.fault_count++;
    return 1;
}

static int take_holder(const char *rest) {
    Holder *made = &script.holders[script.holder_count];
    if (sscanf(rest, "%d %u %lld %lf %lf", &made->device, &made->pid, &made->bytes, &made->begin_s,
               &made->end_s) != 5 || script.holder_count + 1 == MOST_PROCESSES)
        return 0;
    script.holder_count++;
    return 1;
}

static int take_line(const char *keyword, const char *rest) {
    char device[WORD], what[WORD], words[WORD];
    if (!strcmp(keyword, "origin")) return sscanf(rest, "%lld", &script.origin_ns) == 1;
    if (!strcmp(keyword, "gpus")) return sscanf(rest, "%d", &script.gpu_count) == 1;
    if (!strcmp(keyword, "driver")) return sscanf(rest, "%95s", script.driver) == 1;
    if (!strcmp(keyword, "constant")) return take_signal(CONSTANT, 1, rest);
    if (!strcmp(keyword, "ramp")) return take_signal(RAMP, 4, rest);
    if (!strcmp(keyword, "square")) return take_signal(SQUARE, 4, rest);
    if (!strcmp(keyword, "counter")) return take_signal(COUNTER, 1, rest);
    if (!strcmp(keyword, "fail")) return take_fault(rest);
    if (!strcmp(keyword, "process")) return take_holder(rest);
    if (!strcmp(keyword, "text") && sscanf(rest, "%95s %95s %95[^\n]", device, what, words) == 3)
        return take_text(device, what, words);
    if (!strcmp(keyword, "instance") && sscanf(rest, "%95s %95s", device, what) == 2) {
        Device *made = device_of(device);
        if (made) made->parent = atoi(what);
        return made != NULL;
    }
    return 0;
}

int read_script(void) { /* a line that is not understood ends the test, not just the line */
    const char *path = getenv("FAKE_NVML_SCRIPT");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[512], keyword[WORD];
    int length, understood = file != NULL;
    while (understood && fgets(line, sizeof line, file)) {
        understood = sscanf(line, "%95s %n", keyword, &length) == 1 &&
                     take_line(keyword, line + length);
        if (!understood) fprintf(stderr, "fake NVML does not understand: %s", line);
    }
    if (file) fclose(file);
    if (!script.origin_ns) script.origin_ns = now_ns();
    if (understood && script.gpu_count > 0) {
        char last[WORD];
        snprintf(last, sizeof last, "%d", script.gpu_count - 1);
        return device_of(last) != NULL;
    }
    return understood;
}
