using System;
using System.Collections.Generic;

namespace FlashHead.Tests
{
    /// <summary>What one head showed against the audio that was heard: which of its frames were lost, out of order or other
    /// ones when read again, and how far the shown frame was outside its time.</summary>
    public sealed class ShownFrames
    {
        readonly List<float> _lagMs;
        ulong _next;
        long _lookedUs, _ptsUs, _endUs;

        /// <summary>`looks`: how often it is looked at, at most, so that nothing is allocated on the way.</summary>
        public ShownFrames(int looks)
        {
            _lagMs = new List<float>(looks);
        }

        /// <summary>Frames that were shown.</summary>
        public int Count { get; private set; }
        /// <summary>Frames whose time was looked at, and that were not shown.</summary>
        public int Lost { get; private set; }
        /// <summary>Frames that came and went between two looks: the loop's own.</summary>
        public int NotLookedFor { get; private set; }
        /// <summary>Frames that came behind a later one, or again.</summary>
        public int OutOfOrder { get; private set; }
        /// <summary>Of <see cref="ReadTwice"/> those that were another one the second time.</summary>
        public int Torn { get; private set; }
        /// <summary>Frames that were checked by reading them again.</summary>
        public int ReadTwice { get; private set; }
        /// <summary>Milliseconds by which what was heard was outside the time of the frame that was shown, for each look.</summary>
        public IReadOnlyList<float> LagMs => _lagMs;

        /// <summary>`heardUs`: of the audio, truly.</summary>
        public void Show(FrameInfo frame, long heardUs)
        {
            if (Count > 0 && frame.Index < _next) OutOfOrder++;
            else if (Count > 0)
            {
                var skipped = (int)(frame.Index - _next);
                // Those that began after the last look could not be seen.
                var unseen = Math.Min(skipped, (int)Math.Max(0, (heardUs - _lookedUs) / frame.DurationUs));
                Lost += skipped - unseen;
                NotLookedFor += unseen;
            }
            _next = frame.Index + 1;
            _ptsUs = frame.PtsUs;
            _endUs = frame.PtsUs + frame.DurationUs;
            Count++;
        }

        /// <summary>After every look, whether it brought another frame or not.</summary>
        public void Look(long heardUs)
        {
            _lookedUs = heardUs;
            if (Count > 0) _lagMs.Add(Math.Max(0, Math.Max(_ptsUs - heardUs, heardUs - _endUs)) / 1000f);
        }

        /// <summary>The frame was read twice.</summary>
        public void ReadAgain(bool same)
        {
            ReadTwice++;
            if (!same) Torn++;
        }

        /// <summary>The lag that a share of the looks of all heads was within.</summary>
        public static double LagMsOf(IEnumerable<ShownFrames> heads, double share)
        {
            var all = new List<float>();
            foreach (var head in heads) all.AddRange(head._lagMs);
            if (all.Count == 0) throw new InvalidOperationException("nothing was shown");
            all.Sort();
            return all[(int)((all.Count - 1) * share)];
        }
    }
}
