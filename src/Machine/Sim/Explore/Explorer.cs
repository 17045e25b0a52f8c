// Runs a test's body under many schedules and tells the first that fails. The body acts as the host of a machine that
// is as new each time; kernel statics are the body's to initialise.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace Jiffy.Machine.Sim;

public static class Explorer
{
    /// <summary>Searches for a schedule under which <paramref name="body"/> fails: a kernel failure, a deadlock, or any exception.</summary>
    public static ExploreResult Run(ExploreOptions options, Action<SimMachine> body)
    {
        ExploreResult? result = null;
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                SimHost.PinToOneCore();
                result = new Search(options, body).Run();
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        return result ?? throw new InvalidOperationException("the explorer itself failed", error);
    }

    private sealed class Search
    {
        private readonly ExploreOptions _options;
        private readonly Action<SimMachine> _body;
        private readonly HashSet<ulong> _seen = new();
        private readonly Schedule _walk = new RandomWalk();
        private readonly PriorityChanges _changes = new PriorityChanges();
        private readonly Exhaustive _exhaustive;
        private readonly SimMachine _machine;
        private int _length;
        private readonly Stopwatch _watch = Stopwatch.StartNew();

        public Search(ExploreOptions options, Action<SimMachine> body)
        {
            _options = options;
            _body = body;
            _exhaustive = new Exhaustive(options.PreemptionBound);
            _machine = new SimMachine(options.Machine);
        }

        public ExploreResult Run()
        {
            using (_machine)
            {
                if (!string.IsNullOrEmpty(_options.Replay))
                    return RunReplay(_options.Replay);
                long count = 0;
                var isComplete = false;
                while (MustGoOn(count))
                {
                    var seed = _options.FirstSeed + ExploreOptions.SeedOffset + (ulong)count++;
                    if (!TryRun(ScheduleFor(seed), seed))
                        return Failed(count, _machine.Schedule.Describe());
                    if (_options.Strategy == Strategy.Exhaustive && !_exhaustive.MoveNext())
                    {
                        isComplete = true;
                        break;
                    }
                }
                return Result(count, isComplete, null, null);
            }
        }

        private bool MustGoOn(long count)
        {
            var elapsed = _watch.Elapsed;
            return elapsed < ExploreOptions.LeastTime
                || (count < (long)_options.Schedules * ExploreOptions.Effort && elapsed < _options.Budget * ExploreOptions.Effort);
        }

        private Schedule ScheduleFor(ulong seed) => _options.Strategy switch
        {
            Strategy.RandomWalk => _walk,
            Strategy.PriorityChanges => _changes,
            Strategy.Exhaustive => _exhaustive,
            _ => (seed & 1) == 0 ? _walk : _changes,
        };

        private bool TryRun(Schedule schedule, ulong seed)
        {
            if (schedule == _changes)
                _changes.Length = _length;
            schedule.Begin(seed);
            _machine.Reset(_options.Machine, schedule);
            try
            {
                _body(_machine);
            }
            catch (Exception)
            {
                return false;
            }
            if (schedule == _changes)
                _length = Math.Max(_changes.Decisions, _length - _length / 16);
            _seen.Add(_machine.TraceHash);
            return true;
        }

        private ExploreResult RunReplay(string name)
        {
            var failure = ReplayWithPlaces(name);
            return Result(1, false, failure, failure is null ? null : name);
        }

        private ExploreResult Failed(long count, string name)
        {
            var failure = ReplayWithPlaces(name)
                ?? new SimFailureException($"{name} failed, but not again: something is not decided by the schedule", "not repeatable");
            return Result(count, false, failure, name);
        }

        private SimFailureException? ReplayWithPlaces(string name)
        {
            var (schedule, seed) = Parse(name);
            schedule.Begin(seed);
            _machine.Reset(_options.Machine, schedule);
            _machine.RecordsPlaces = true;
            try
            {
                _body(_machine);
                return null;
            }
            catch (SimFailureException failure)
            {
                return failure;
            }
            catch (Exception error)
            {
                return _machine.ReportOf(error);
            }
            finally
            {
                _machine.RecordsPlaces = false;
            }
        }

        private (Schedule, ulong) Parse(string name)
        {
            var colon = name.IndexOf(':');
            var kind = name[..Math.Max(colon, 0)];
            var rest = name[(colon + 1)..];
            return kind switch
            {
                "walk" => (new RandomWalk(), Seed(rest)),
                "pct" => (new PriorityChanges { Length = Number(rest[(rest.IndexOf('/') + 1)..]) }, Seed(rest[..Math.Max(rest.IndexOf('/'), 0)])),
                "choices" => (Exhaustive.Replay(rest, _options.PreemptionBound), 0),
                _ => throw new ArgumentException($"no schedule is called '{name}'"),
            };
        }

        private static ulong Seed(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private ExploreResult Result(long count, bool isComplete, SimFailureException? failure, string? name) => new()
        {
            Schedules = count,
            Distinct = _seen.Count,
            Elapsed = _watch.Elapsed,
            IsComplete = isComplete,
            Failure = failure,
            FailedSchedule = name,
        };
    }
}
