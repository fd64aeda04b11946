using UnityEngine;

namespace FlashHead
{
    /// <summary>Which worker a project uses: an asset named FlashHeadWorkerSettings in a folder named Resources. Without it
    /// the defaults hold.</summary>
    [CreateAssetMenu(menuName = "FlashHead/Worker Settings", fileName = ResourceName)]
    public sealed class FlashHeadWorkerSettings : ScriptableObject
    {
        public const string ResourceName = "FlashHeadWorkerSettings";

        [Tooltip("Start a worker of the editor's own. Off: the one that `flashhead serve` started is used.")]
        public bool LaunchInEditor;

        [Tooltip("Words of the command that starts a worker in the editor, such as .venv/bin/python, -m, flashhead_engine.worker.")]
        public string[] EditorProgram = new string[0];

        [Tooltip("Start a worker of the game's own. It ends with the game.")]
        public bool LaunchInPlayer = true;

        [Tooltip("Words of the command that starts a worker in the player; the first is a path from StreamingAssets, else from the folder of the game's program.")]
        public string[] PlayerProgram = { "FlashHead/flashhead-worker" };

        [Tooltip("Words of the command that bakes dialogue in the editor: flashhead, or a path from the project's folder, such as .venv/bin/flashhead.")]
        public string[] BakeProgram = { "flashhead" };

        [Tooltip("nano, lite or pro; a head may ask for another one.")]
        public string Tier = "nano";

        static FlashHeadWorkerSettings _loaded;

        internal static void Forget() => _loaded = null;

        /// <summary>The project's, or the defaults.</summary>
        public static FlashHeadWorkerSettings Load()
        {
            if (_loaded == null) _loaded = Resources.Load<FlashHeadWorkerSettings>(ResourceName);
            if (_loaded == null) _loaded = CreateInstance<FlashHeadWorkerSettings>();
            return _loaded;
        }
    }
}
