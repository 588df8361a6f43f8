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

/* One row, of text in the heading and of numbers below it. */
#define ROW "%-14s %-8s %-5s %-5s %-4s %8s %8s %7s %5s %7s %7s %8s %6s %6s %6s %6s %6s %6s %6s " \
	"%4s%s"

void
report_heading(void)
{
	report_note(ROW, "case", "server", "disk", "mode", "", "IOPS", "+-%", "MB/s", "ratio",
	    "p50us", "p99us", "p99.9us", "cpu/M", "user", "sys", "core%", "sw/IO", "sys/IO",
	    "RSSMiB", "idl%", "");
}

struct cell { char text[16]; };

/* With so many digits after the point; a dash for what is not known. */
static struct cell
cell(double v, int digits)
{
	struct cell c = { "-" };

	if (v >= 0 && isfinite(v))
		snprintf(c.text, sizeof(c.text), "%.*f", digits, v);
	return (c);
}

static void
row(const struct result *r)
{
	bool target = strcmp(r->server, "target") == 0, some = r->iops > 0;
	char spread[32];

	snprintf(spread, sizeof(spread), "-%.0f+%.0f", some ? (1 - r->lowest / r->iops) * 100 : 0,
	    some ? (r->highest / r->iops - 1) * 100 : 0);
	report_note(ROW, r->name, target ? r->engine : "ceiling", r->backend, r->mode,
	    state_name[r->state], cell(r->iops, 0).text, spread, cell(r->mbps, 0).text,
	    cell(target && r->ratio > 0 ? r->ratio : -1, 2).text, cell(r->p50_us, 1).text,
	    cell(r->p99_us, 1).text, cell(r->p999_us, 1).text, cell(r->cpu, 2).text,
	    cell(r->user, 2).text, cell(r->system, 2).text, cell(r->core * 100, 1).text,
	    cell(r->switches, 3).text, cell(r->syscalls, 3).text, cell(r->rss_mib, 1).text,
	    cell(r->idle * 100, 0).text, r->noisy > 0 ? " noisy" : "");
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
	field("ceiling_copy_iops", r->ceiling_copy, target && r->ceiling_copy > 0);
	field("ratio", r->ratio, target && r->ratio > 0);
	field("mb_s", r->mbps, true);
	field("p50_us", r->p50_us, true);
	field("p99_us", r->p99_us, true);
	field("p999_us", r->p999_us, true);
	field("cpu_s_per_mio", r->cpu, true);
	field("user_s_per_mio", r->user, true);
	field("system_s_per_mio", r->system, true);
	field("core", r->core, true);
	field("wakeups_per_s", r->wakeups, true);
	field("switches_per_io", r->switches, true);
	field("syscalls_per_io", r->syscalls, r->syscalls >= 0);
	field("rss_mib", r->rss_mib, true);
	field("client_idle", r->idle, true);
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

/* Bars come as they are judged, and are shown together at the end. */
static char kept[256][160];
static unsigned nkept;

void
report_bar(const char *what, double value, double bar, bool at_least, bool ok)
{
	fprintf(json, "{\"bar\":\"%s\",\"value\":%.6g,\"%s\":%.6g,\"ok\":%s}\n", what, value,
	    at_least ? "at_least" : "at_most", bar, ok ? "true" : "false");
	if (nkept < sizeof(kept) / sizeof(kept[0]))
		snprintf(kept[nkept++], sizeof(kept[0]), "%-6s  %-78s %8.3g  %s %.4g",
		    ok ? "ok" : "missed", what, value, at_least ? ">=" : "<=", bar);
}

void
report_bars(unsigned judged, unsigned missed)
{
	report_note("%s", "");
	for (unsigned i = 0; i < nkept; i++)
		report_note("%s", kept[i]);
	report_note("%u bars: %u ok, %u missed", judged, judged - missed, missed);
}
