namespace FlashHead.Baking
{
    /// <summary>What is baked of each line, and by which program.</summary>
    public sealed class BakeOptions
    {
        /// <summary>Words of the command that runs the baker. A path is taken from the project's folder.</summary>
        public string[] Program = { "flashhead" };
        public string ProjectFolder = ".";
        /// <summary>A sample's name or the folder of a bundle, for the video.</summary>
        public string Avatar = "guard";
        /// <summary>WebM with alpha.</summary>
        public bool Video = true;
        /// <summary>The blendshape track.</summary>
        public bool Track = true;
        /// <summary>Bake lines that have not changed too.</summary>
        public bool Again;
    }
}
