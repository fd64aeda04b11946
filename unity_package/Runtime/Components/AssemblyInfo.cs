using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("FlashHead.Editor")]
