using System;
using System.Text.RegularExpressions;

namespace FlashHead.Baking
{
    /// <summary>What `flashhead bake` prints: a line for each file that is complete, the manifest of a line last, and one
    /// for each error.</summary>
    static class BakerOutput
    {
        const string ErrorMark = "error: ";

        static readonly Regex File = new Regex(@"^(?<path>.+)  \(\d+\.\d x real time\)$");

        /// <summary>The path of a file that is complete; null: it is no such line.</summary>
        public static string FileOf(string printed)
        {
            var found = File.Match(printed);
            return found.Success ? found.Groups["path"].Value : null;
        }

        /// <summary>The words of an error; null: it is no such line.</summary>
        public static string ErrorOf(string printed) =>
            printed.StartsWith(ErrorMark, StringComparison.Ordinal) ? printed.Substring(ErrorMark.Length) : null;
    }
}
