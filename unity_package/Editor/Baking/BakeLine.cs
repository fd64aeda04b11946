namespace FlashHead.Baking
{
    public enum BakeState
    {
        Waiting,
        /// <summary>Its files are there, made from this recording.</summary>
        Unchanged,
        Baking,
        Baked,
        /// <summary><see cref="BakeLine.Message"/> says why.</summary>
        Failed,
        Cancelled,
    }

    /// <summary>One line of dialogue on its way to its files.</summary>
    public sealed class BakeLine
    {
        /// <summary>Full path of the recording.</summary>
        public readonly string Audio;
        public BakeState State { get; internal set; }
        /// <summary>Why it failed, for a person.</summary>
        public string Message { get; internal set; } = "";

        public bool HasEnded => State != BakeState.Waiting && State != BakeState.Baking;

        internal BakeLine(string audio)
        {
            Audio = audio;
        }

        internal void Fail(string reason)
        {
            State = BakeState.Failed;
            Message = reason;
        }
    }
}
