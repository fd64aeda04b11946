using System.Collections.Generic;

namespace FlashHead.Editor
{
    /// <summary>Leaves out keyframes that a straight line between their neighbours shows as well.</summary>
    static class CurveThinning
    {
        /// <summary>Places of the keys to keep, the first and the last among them: straight lines between them miss no
        /// value of any column by more than `tolerance`. `times`: rising; `columns`: a value for each time.</summary>
        public static List<int> Keep(double[] times, float[][] columns, float tolerance)
        {
            var kept = new List<int> { 0 };
            // Slopes of the lines from the last key that pass all values since then within the tolerance.
            var lowest = new double[columns.Length];
            var highest = new double[columns.Length];
            var key = 0;
            Widen(lowest, highest);
            for (var at = 1; at < times.Length; at++)
            {
                if (!Passes(times, columns, key, at, lowest, highest))
                {
                    key = at - 1;
                    kept.Add(key);
                    Widen(lowest, highest);
                }
                var elapsed = times[at] - times[key];
                for (var column = 0; column < columns.Length; column++)
                {
                    var rise = (double)columns[column][at] - columns[column][key];
                    lowest[column] = System.Math.Max(lowest[column], (rise - tolerance) / elapsed);
                    highest[column] = System.Math.Min(highest[column], (rise + tolerance) / elapsed);
                }
            }
            if (times.Length > 1) kept.Add(times.Length - 1);
            return kept;
        }

        static bool Passes(double[] times, float[][] columns, int key, int at, double[] lowest, double[] highest)
        {
            for (var column = 0; column < columns.Length; column++)
            {
                var slope = ((double)columns[column][at] - columns[column][key]) / (times[at] - times[key]);
                if (slope < lowest[column] || slope > highest[column]) return false;
            }
            return true;
        }

        static void Widen(double[] lowest, double[] highest)
        {
            for (var column = 0; column < lowest.Length; column++)
            {
                lowest[column] = double.NegativeInfinity;
                highest[column] = double.PositiveInfinity;
            }
        }
    }
}
