/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said: a table on stdout and in bench.txt, JSON lines in bench.jsonl.
 */
#include "config.h"

#include <err.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "tests/bench/bench.h"

static FILE *text, *json;

static FILE *
must_open(const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	setlinebuf(f);
	return (f);
}

void
report_open(const char *dir)
{
	text = must_open(dir, "bench.txt");
	json = must_open(dir, "bench.jsonl");
	setlinebuf(stdout);
}

void
report_close(void)
{
	fclose(text);
	fclose(json);
}

void
report_note(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("%s\n", line);
	fprintf(text, "%s\n", line);
}

void
report_heading(void)
{
	report_note("%-14s %-8s %-5s %-5s %-4s %9s %11s %7s %5s %7s %7s %7s %6s %5s %5s %6s %6s %6s %3s",
	    "case", "server", "disk", "mode", "", "IOPS", "quartiles", "MB/s", "ratio", "p50us", "p99us",
	    "p99.9", "cpu/M", "user", "sys", "sw/IO", "call/IO", "RSSMiB", "idl");
}

static const char *
number(double v, const char *fmt, char buf[32])
{
	if (v < 0 || isnan(v))
		return ("-");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(buf, 32, fmt, v);
#pragma GCC diagnostic pop
	return (buf);
}

static void
row(const struct result *r)
{
	bool ceiling = strcmp(r->server, "ceiling") == 0;
	char ratio[32], calls[32], spread[32];

	snprintf(spread, sizeof(spread), "-%.0f+%.0f%%", (1 - r->lowest / r->iops) * 100,
	    (r->highest / r->iops - 1) * 100);
	report_note("%-14s %-8s %-5s %-5s %-4s %9.0f %11s %7.0f %5s %7.1f %7.1f %7.1f %6.2f %5.2f "
	    "%5.2f %6.3f %6s %6.1f %3.0f%s", r->name, ceiling ? "ceiling" : r->engine, r->backend,
	    r->mode, state_name[r->state], r->iops, spread, r->mbps,
	    ceiling || r->ratio == 0 ? "-" : number(r->ratio, "%.2f", ratio), r->p50_us, r->p99_us,
	    r->p999_us, r->cpu, r->user, r->system, r->switches,
	    number(r->syscalls, "%.3f", calls), r->rss_mib, r->empty * 100,
	    r->noisy > 0 ? " noisy" : "");
}

/* JSON has no NaN: what is not known is null. */
static void
field(const char *name, double v, bool known)
{
	if (known && isfinite(v))
		fprintf(json, ",\"%s\":%.6g", name, v);
	else
		fprintf(json, ",\"%s\":null", name);
}

static void
line(const struct result *r)
{
	bool target = strcmp(r->server, "target") == 0;
	const struct load *l = &r->load;

	fprintf(json, "{\"case\":\"%s\",\"server\":\"%s\",\"engine\":\"%s\",\"backend\":\"%s\","
	    "\"mode\":\"%s\",\"client\":\"%s\",\"state\":\"%s\",\"size\":%u,\"queues\":%u,"
	    "\"depth\":%u,\"reads\":%u,\"hdgst\":%s,\"ddgst\":%s,\"rate\":%u,\"windows\":%u,"
	    "\"noisy\":%u", r->name, r->server, r->engine, r->backend, r->mode,
	    l->block || l->rate > 0 ? "block" : "spin", state_name[r->state], l->size, l->queues,
	    l->depth, l->reads, l->hdgst ? "true" : "false", l->ddgst ? "true" : "false", l->rate,
	    r->windows, r->noisy);
	field("iops", r->iops, true);
	field("iops_q1", r->lowest, true);
	field("iops_q3", r->highest, true);
	field("ceiling_iops", r->ceiling, target && r->ceiling > 0);
	field("ceiling_block_iops", r->ceiling_block, target && r->ceiling_block > 0);
	field("ceiling_spin_iops", r->ceiling_spin, target && r->ceiling_spin > 0);
	field("ratio", r->ratio, target && r->ratio > 0);
	field("mb_s", r->mbps, true);
	field("p50_us", r->p50_us, true);
	field("p99_us", r->p99_us, true);
	field("p999_us", r->p999_us, true);
	field("cpu_s_per_mio", r->cpu, true);
	field("user_s_per_mio", r->user, true);
	field("system_s_per_mio", r->system, true);
	field("core", r->core, true);
	field("switches_per_io", r->switches, true);
	field("syscalls_per_io", r->syscalls, r->syscalls >= 0);
	field("rss_mib", r->rss_mib, true);
	field("client_empty_polls", r->empty, true);
	fprintf(json, "}\n");
}

void
report_result(const struct result *r)
{
	row(r);
	line(r);
}

/* A single number of the groups that are not windows. */
void
report_figure(const char *group, const char *what, double value, const char *unit)
{
	report_note("%-10s %-58s %12.6g %s", group, what, value, unit);
	fprintf(json, "{\"group\":\"%s\",\"what\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n", group,
	    what, value, unit);
}
