using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("FlashHead.Editor")]
[assembly: InternalsVisibleTo("FlashHead.Timeline")]
