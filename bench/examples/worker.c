/* SPDX-License-Identifier: MIT */
#include "worker.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

int complain(const char *what, const char *why)
{
	fprintf(stderr, "streamworker: %s: %s\n", what, why);
	return -1;
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The job. */
static intptr_t run_job(void *arg)
{
	struct job *job = arg;
	int64_t result;

	if (job->is_told)
		printf("%s begins\n", job->id);
	result = primes_count(&job->primes);
	if (job->is_told)
		printf("%s ran\n", job->id);
	return (intptr_t)result;
}

/* There is a free place: no more was asked for. */
void worker_take(void *arg, const char *id, const char *text)
{
	struct worker *worker = arg;
	struct job *job = worker->jobs;
	int error;

	while (job->state != FREE)
		job++;
	snprintf(job->id, sizeof(job->id), "%s", id);
	job->primes = primes_read(text);
	job->is_told = worker->is_verbose;
	error = rota_completions_submit(
			worker->completions, worker->pool, run_job, job, job);
	if (error) {
		complain(id, rota_strerror(error));
		worker->nr_dropped++; /* it is still pending */
		return;
	}
	job->state = RUNNING;
	worker->nr_jobs++;
	worker->nr_running++;
}

void worker_reap(struct worker *worker)
{
	struct rota_completion done[16];
	int nr;

	while ((nr = rota_completions_reap(worker->completions, done, 16)) > 0)
		for (int i = 0; i < nr; i++) {
			struct job *job = done[i].tag;

			worker->nr_running--;
			job->state = FINISHED;
			job->result = done[i].result;
			if (!done[i].dropped && job->result >= 0)
				continue;
			/* It has no result, so it stays pending. */
			if (done[i].dropped)
				worker->nr_dropped++;
			else
				complain(job->id, "failed");
			job->state = FREE;
			worker->nr_jobs--;
		}
}

/*
 * If the answer is lost, nobody knows whether it was done: it is done again by
 * the next connection, which makes no difference then.
 */
static int write_results(struct worker *worker)
{
	unsigned nr = 0;
	int error;

	for (unsigned i = 0; i < worker->places; i++)
		if (worker->jobs[i].state == FINISHED)
			worker->results[nr++] = (struct stream_result){
					worker->jobs[i].id,
					worker->jobs[i].result};
	error = nr ? stream_finish(&worker->stream, worker->results, nr) : 0;
	for (unsigned i = 0; nr && !error && i < worker->places; i++)
		if (worker->jobs[i].state == FINISHED) {
			worker->jobs[i].state = FREE;
			worker->nr_jobs--;
		}
	return error;
}

static int renew(struct worker *worker)
{
	int error = 0;

	for (unsigned i = 0; !error && i < worker->places; i++)
		if (worker->jobs[i].state == RUNNING)
			error = stream_renew(
					&worker->stream, worker->jobs[i].id);
	worker->renew_ms = now_ms() + worker->tick_ms;
	return error;
}

static bool has_job(const struct worker *worker, const char *id)
{
	for (unsigned i = 0; i < worker->places; i++)
		if (worker->jobs[i].state != FREE &&
				!strcmp(worker->jobs[i].id, id))
			return true;
	return false;
}

/*
 * Look for entries that nobody works on: first those that are ours from before
 * this connection, then those of anyone whose lease is over. Among twice as
 * many as there are places some are not ours already, if there are any.
 */
static int look(struct worker *worker)
{
	struct stream *stream = &worker->stream;
	uint64_t age_ms = now_ms() - worker->connected_ms;
	uint64_t idle_ms = worker->is_back ? (age_ms ? age_ms : 1)
					   : worker->lease_ms;
	unsigned nr = 2 * worker->places, nr_found = 0;
	int error = stream_pending(
			stream, worker->is_back, idle_ms, worker->pending, &nr);

	for (unsigned i = 0; i < nr && !error && !worker->is_alone &&
			     worker->nr_jobs < worker->places;
			i++) {
		const struct stream_pending *entry = &worker->pending[i];

		if (has_job(worker, entry->id))
			continue;
		nr_found++;
		if (entry->deliveries >= worker->max_deliveries) {
			error = stream_bury(stream, entry, idle_ms);
			continue;
		}
		worker->is_alone = entry->deliveries >= 2;
		if (!worker->is_alone || !worker->nr_jobs)
			error = stream_claim(stream, entry->id, idle_ms,
					worker_take, worker);
	}
	if (!nr_found && !worker->is_back)
		worker->look_ms = now_ms() + worker->tick_ms;
	if (!nr_found)
		worker->is_back = false;
	return error;
}

/* While a read is under way its places are not to be given away. */
int worker_step(struct worker *worker)
{
	struct stream *stream = &worker->stream;
	int error = write_results(worker);

	if (!error && now_ms() >= worker->renew_ms)
		error = renew(worker);
	if (!error && stream->is_asked &&
			now_ms() > worker->asked_ms + worker->tick_ms + 5000) {
		snprintf(stream->why, sizeof(stream->why), "no answer");
		return STREAM_LOST;
	}
	if (error || stream->is_asked || worker->nr_stops)
		return error;
	if (worker->is_alone && !worker->nr_jobs) {
		worker->is_alone = false;
		worker->look_ms = 0;
	}
	while (!error && !worker->is_alone &&
			worker->nr_jobs < worker->places &&
			(worker->is_back || now_ms() >= worker->look_ms))
		error = look(worker);
	if (error || worker->is_alone || worker->nr_jobs == worker->places)
		return error;
	worker->asked_ms = now_ms();
	return stream_ask(stream, worker->places - worker->nr_jobs,
			worker->tick_ms);
}
