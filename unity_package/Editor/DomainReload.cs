using UnityEditor;

namespace FlashHead.Editor
{
    /// <summary>The native library outlives a domain reload: threads, sockets and a launched worker must end before.</summary>
    [InitializeOnLoad]
    static class DomainReload
    {
        static DomainReload()
        {
            AssemblyReloadEvents.beforeAssemblyReload += FlashHeadWorker.Shutdown;
            EditorApplication.quitting += FlashHeadWorker.Shutdown;
        }
    }
}
