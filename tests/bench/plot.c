/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture of the ratios to the ceiling, drawn by gnuplot: a column for each engine and state, and
 * a line where the bar of the case is.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { CASES_MAX = 64 };

struct column { const char *engine; enum state state; };

static const struct column columns[] = {
	{ "default", STATE_NEAR }, { "default", STATE_FAR },
	{ "uring", STATE_NEAR }, { "uring", STATE_FAR },
	{ "threads", STATE_NEAR }, { "threads", STATE_FAR },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static double
ratio_of(const char *name, const struct column *c)
{
	const struct result *r = result_find(name, "target", c->engine, "ram", NULL, c->state);

	return (r != NULL ? r->ratio : 0);
}

static bool
is_used(const struct column *c, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ratio_of(names[i], c) > 0)
			return (true);
	return (false);
}

static bool
is_drawn(const char *name)
{
	for (int c = 0; c < COLUMNS; c++)
		if (ratio_of(name, &columns[c]) > 0)
			return (true);
	return (false);
}

/* Each case that was compared with a ceiling, once, in the order of the table. */
static unsigned
collect(const char **names)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nresults && n < CASES_MAX; i++) {
		const char *name = results[i].name;

		if ((n == 0 || strcmp(names[n - 1], name) != 0) && is_drawn(name))
			names[n++] = name;
	}
	return (n);
}

static void
write_data(FILE *f, const char *const *names, unsigned n)
{
	fprintf(f, "$ratios << end\n");
	for (unsigned i = 0; i < n; i++) {
		fprintf(f, "\"%s\"", names[i]);
		for (int c = 0; c < COLUMNS; c++)
			fprintf(f, " %.4f", ratio_of(names[i], &columns[c]));
		fprintf(f, "\n");
	}
	fprintf(f, "end\n");
}

static void
write_bars(FILE *f, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bar_ratio(names[i]) > 0)
			fprintf(f, "set arrow from %.2f,%.3f to %.2f,%.3f nohead front lw 2\n",
			    i - 0.48, bar_ratio(names[i]), i + 0.48, bar_ratio(names[i]));
}

static void
write_script(FILE *f, const char *svg, const char *const *names, unsigned n)
{
	bool first = true;

	fprintf(f, "set terminal svg size %u,480 font 'sans,12' background 'white'\n"
	    "set output '%s'\nset style data histogram\nset style histogram clustered gap 1\n"
	    "set style fill solid 0.8 noborder\nset yrange [0:1.2]\nset grid y\n"
	    "set ylabel 'part of the ceiling'\nset key top horizontal\n"
	    "set xtics rotate by -35\n", 300 + 70 * n, svg);
	write_data(f, names, n);
	write_bars(f, names, n);
	fprintf(f, "plot ");
	for (int c = 0; c < COLUMNS; c++) {
		if (!is_used(&columns[c], names, n))
			continue;
		fprintf(f, "%s$ratios using %d:xtic(1) title '%s, %s'", first ? "" : ", ", c + 2,
		    columns[c].engine, state_name[columns[c].state]);
		first = false;
	}
	fprintf(f, "\n");
}

void
plot_draw(void)
{
	const char *names[CASES_MAX];
	char script[300], svg[512], command[400];
	unsigned n = collect(names);
	FILE *f;

	if (n == 0)
		return;
	if (system("command -v gnuplot >/dev/null 2>&1") != 0) {
		report_note("no plot: gnuplot is not there (gnuplot-nox)");
		return;
	}
	snprintf(script, sizeof(script), "%s/plot.gp", settings.dir);
	snprintf(svg, sizeof(svg), "%s/bench.svg", settings.out);
	if ((f = fopen(script, "w")) == NULL)
		err(1, "%s", script);
	write_script(f, svg, names, n);
	fclose(f);
	snprintf(command, sizeof(command), "gnuplot '%s'", script);
	if (system(command) != 0)
		report_note("gnuplot failed");
	else
		report_note("plot: %s", svg);
}
